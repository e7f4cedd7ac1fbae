using Microsoft.Playwright;

namespace Panel.Tests.EndToEnd;

/// <summary>One person's browser. Every page it comes to is read by axe; what the content policy or the console complains of is kept.</summary>
internal sealed class Visit(IPage page, string address)
{
    public List<string> Complaints { get; } = [];

    public IPage Page => page;

    public static async Task<Visit> StartAsync(IBrowser browser, Uri address)
    {
        var context = await browser.NewContextAsync(new BrowserNewContextOptions { Locale = "en-GB", TimezoneId = "UTC" });
        var visit = new Visit(await context.NewPageAsync(), address.ToString().TrimEnd('/'));
        visit.Page.SetDefaultTimeout(60_000);
        visit.Page.Console += (_, message) =>
        {
            // Chromium logs the status of an answer itself; the rest is ours.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                visit.Complaints.Add($"{visit.Page.Url}: {message.Text}");
            }
        };
        visit.Page.PageError += (_, error) => visit.Complaints.Add($"{visit.Page.Url}: {error}");
        return visit;
    }

    public async Task GoAsync(string path)
    {
        await page.GotoAsync(path.StartsWith('/') ? address + path : path);
        await ReadAsync();
    }

    public Task FillAsync(string label, string value) => page.GetByLabel(label).First.FillAsync(value);

    /// <summary>Presses a button by its words and reads the page that follows.</summary>
    public async Task PressAsync(string words)
    {
        var button = page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = words }).First;
        // The page that is left gets a mark, so that the one that follows is told from it whatever its address is.
        await page.EvaluateAsync("() => document.documentElement.setAttribute('data-left', '')");
        await button.ClickAsync();
        await Assertions.Expect(page.Locator("html:not([data-left])")).ToHaveCountAsync(1, new LocatorAssertionsToHaveCountOptions { Timeout = 60_000 });
        await page.WaitForLoadStateAsync(LoadState.Load);
        await ReadAsync();
    }

    public Task SeeAsync(string words, int seconds = 60) =>
        Assertions.Expect(page.Locator("main")).ToContainTextAsync(words, new LocatorAssertionsToContainTextOptions { Timeout = seconds * 1000 });

    public async Task<string> TextAsync(string selector) => (await page.Locator(selector).First.InnerTextAsync()).Trim();

    private async Task ReadAsync()
    {
        Complaints.AddRange((await Axe.ReadAsync(page)).Select(c => $"{page.Url}: {c}"));
    }
}
