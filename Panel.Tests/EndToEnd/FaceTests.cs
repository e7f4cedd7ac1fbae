using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Panel.Tests.Members;

namespace Panel.Tests.EndToEnd;

/// <summary>Pages as a real browser shows them: both themes, a narrow and a wide screen, read by axe.</summary>
public sealed class FaceTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>, IDisposable
{
    private const int MostRequests = 6;
    private const int FramesOfAPreview = 2;
    private const int MostPublicRequests = 3;

    private static readonly string[] Open = ["/sign-in", "/no/such/page", "/~ann", "/lists/ann/letters"];

    private readonly PanelApp app = new(more: [
        ("Urls", "http://127.0.0.1:0"), ("Finger:Listen", "127.0.0.1:0"), ("Finger:Host", "collective.example"), ("Newsletters:Hold", "00:00:00"), ("Hosting:Base", "sites.example")]);

    public static TheoryData<ColorScheme, int> Screens => new()
    {
        { ColorScheme.Light, 320 },
        { ColorScheme.Dark, 1280 },
    };

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Pages_can_be_read_by_everybody(ColorScheme scheme, int width)
    {
        await using var context = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            BaseURL = Address(),
        });
        await JoinAsync(context);
        await app.FurnishAsync();
        await using var agent = new AgentAtRest(app, "ann: serve radio", "    + proxy radio.ann.sites.example/and/a/name/that/goes/on/without/any/space/to/break/at.html");
        var pages = await Walk.EveryPageAsync(app, context.APIRequest);
        Assert.Equal([], pages.Missing);
        var complaints = new List<string>();
        foreach (var path in pages.Found.Concat([Furniture.LastScreen, Furniture.Search]))
        {
            complaints.AddRange(await LookAsync(context, path, MostRequests, scheme, width));
        }

        await context.ClearCookiesAsync();
        foreach (var path in Open)
        {
            complaints.AddRange(await LookAsync(context, path, MostPublicRequests + 1, scheme, width));
        }

        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }

    [Fact]
    public async Task The_theme_that_was_chosen_stays_and_comes_from_the_server()
    {
        await using var context = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = Address(), JavaScriptEnabled = false });
        await JoinAsync(context);
        var page = await context.NewPageAsync();
        await page.GotoAsync("/finger");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Dark", Exact = true }).ClickAsync();
        Assert.EndsWith("/finger", page.Url, StringComparison.Ordinal);
        Assert.Equal("dark", await page.Locator("html").GetAttributeAsync("data-theme"));
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "As the system" }).ClickAsync();
        Assert.Equal("system", await page.Locator("html").GetAttributeAsync("data-theme"));
    }

    public void Dispose() => app.Dispose();

    private async Task JoinAsync(IBrowserContext context)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(await app.InviteAsync("ann", admin: true));
        await page.FillAsync("[name=Name]", "Ann Artist");
        await page.FillAsync("[name=Password]", Browser.Password);
        await page.ClickAsync("main button.act");
        await page.WaitForURLAsync("**/");
        await page.CloseAsync();
    }

    /// <summary>What is wrong with the page, a line each.</summary>
    private static async Task<IReadOnlyList<string>> LookAsync(IBrowserContext context, string path, int most, ColorScheme scheme, int width)
    {
        var page = await context.NewPageAsync();
        var (complaints, requests) = (new List<string>(), 0);
        page.Request += (_, _) => requests++;
        page.Console += (_, message) =>
        {
            // Chromium logs the status of a missing page itself.
            if (message.Type is "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(path);
        var allowed = most + (await page.Locator("iframe").CountAsync() > 0 ? FramesOfAPreview : 0);
        if (requests > allowed)
        {
            complaints.Add($"{requests} requests, {allowed} are enough");
        }

        if (Environment.GetEnvironmentVariable("PANEL_PICTURES") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { FullPage = true, Path = Path.Combine(folder, $"{path.Trim('/').Replace('/', '_')}-{width}-{scheme}.png") });
        }

        complaints.AddRange(await Axe.ReadAsync(page));
        if (await page.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth") is not 0 and var over)
        {
            complaints.Add($"{over} px wider than {width}");
        }

        if (await page.Locator("h1").CountAsync() is not 1 and var heads)
        {
            complaints.Add($"{heads} h1");
        }

        await page.CloseAsync();
        return [.. complaints.Select(c => $"{path}: {c}")];
    }

    private string Address()
    {
        app.UseKestrel();
        app.StartServer();
        app.At = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(a => a.StartsWith("http://127", StringComparison.Ordinal)));
        return app.At.ToString();
    }
}
