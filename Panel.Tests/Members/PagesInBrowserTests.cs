using System.Globalization;
using Microsoft.Playwright;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Tests.Data;
using Panel.Tests.EndToEnd;

namespace Panel.Tests.Members;

/// <summary>Account, members, packages and audit as an admin sees them: read by axe, on a telephone and on a desk.</summary>
public sealed class PagesInBrowserTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    [Theory]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    public async Task Pages_can_be_read_by_everybody(int width, ColorScheme scheme)
    {
        var house = string.Create(CultureInfo.InvariantCulture, $"http://localhost:{FreePort.Take()}");
        using var app = new PanelApp(more: [("Urls", house), ("Panel:PublicUrl", house), ("Finger:Listen", "127.0.0.1:0")]);
        app.UseKestrel();
        app.StartServer();
        await app.MemberAsync("ann");
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None));
        await MovedAsync(app);
        await using var context = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = house,
            ColorScheme = scheme,
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
        });
        var page = await context.NewPageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) => complaints.AddRange(message.Type == "error" ? [message.Text] : []);
        page.PageError += (_, error) => complaints.Add(error);

        await page.GotoAsync(await app.InviteAsync("eve", admin: true));
        await LookAsync(page, "welcome");
        await page.FillAsync("#Password", Browser.Password);
        await page.ClickAsync("button.act");
        await page.WaitForURLAsync(house + "/");
        string[] paths =
        [
            "/account", "/account/profile", "/account/password", "/account/two-factor", "/account/tokens", "/account/audit",
            "/members", "/members/new", "/members/ann", "/members/ann/removal", "/packages", "/packages/new", "/packages/standard", "/audit",
            "/hosts", "/hosts/local", "/house", "/backups", "/members/ann/moves", "/members/ann/moves/1",
        ];
        foreach (var path in paths)
        {
            await page.GotoAsync(path);
            await LookAsync(page, path);
        }

        await page.GotoAsync("/account/two-factor");
        await page.ClickAsync("button.act");
        await page.GetByText("Scan this").WaitForAsync();
        await LookAsync(page, "two-factor being set up");
        Assert.Empty(complaints);
    }

    private static async Task MovedAsync(PanelApp app)
    {
        var two = await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, "two", CancellationToken.None));
        await app.WithAsync<PanelDb, int>(db =>
        {
            const string side = """{"files":412,"bytes":5120000,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","sent":3,"databases":[{"name":"shop","bytes":900,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","rows":{"visits":41,"people":1}}]}""";
            var move = new Move { MemberId = 1, FromHostId = two.Value!.Id, ToHostId = 1, AskedBy = "eve", AskedAt = DateTime.UtcNow };
            move.Begin(DateTime.UtcNow);
            move.Ask(MoveState.Finishing, 1, 2, DateTime.UtcNow, null);
            move.Hear(1, side);
            move.Hear(2, side);
            move.Enter(MoveState.Switching, DateTime.UtcNow, "both sides are the same");
            move.Enter(MoveState.Kept, DateTime.UtcNow, "open on the new host");
            db.Add(move);
            return db.SaveChangesAsync();
        });
    }

    private static async Task LookAsync(IPage page, string what)
    {
        Assert.Equal((what, ""), (what, string.Join("; ", await Axe.ReadAsync(page))));
        Assert.Equal((what, 0), (what, await page.EvaluateAsync<int>("document.documentElement.scrollWidth - window.innerWidth")));
        Assert.Equal((what, 1), (what, await page.Locator("h1").CountAsync()));
    }
}
