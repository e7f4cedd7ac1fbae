using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Panel.Tests.EndToEnd;

/// <summary>Pages as a real browser shows them: both themes, a narrow and a wide screen, read by axe.</summary>
public sealed class FaceTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>, IDisposable
{
    private static readonly string[] Rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

    private readonly PanelApp app = new(more: [("Urls", "http://127.0.0.1:0"), ("Finger:Listen", "127.0.0.1:0")]);

    public static TheoryData<ColorScheme, int> Screens => new()
    {
        { ColorScheme.Light, 320 },
        { ColorScheme.Dark, 320 },
        { ColorScheme.Light, 1280 },
        { ColorScheme.Dark, 1280 },
    };

    [Theory]
    [MemberData(nameof(Screens))]
    public async Task Pages_for_everybody_can_be_read_by_everybody(ColorScheme scheme, int width)
    {
        await using var visitor = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            BaseURL = Address(),
        });
        foreach (var path in new[] { "/sign-in", "/no/such/page" })
        {
            await LookAsync(visitor, path);
        }
    }

    public void Dispose() => app.Dispose();

    private static async Task LookAsync(IBrowserContext context, string path)
    {
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
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
        var found = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = [.. Rules] } });
        Assert.True(found.Violations.Length == 0, $"{path}: {string.Join("; ", found.Violations.Select(v => $"{v.Id} {v.Nodes[0].Html}"))}");
        Assert.Equal(0, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth"));
        Assert.Equal(1, await page.Locator("h1").CountAsync());
        Assert.Empty(complaints);
    }

    private string Address()
    {
        app.UseKestrel();
        app.StartServer();
        return app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(a => a.StartsWith("http://127", StringComparison.Ordinal));
    }
}
