using System.Globalization;
using Microsoft.Playwright;
using Panel.Services;
using Panel.Services.Members;
using Panel.Tests.Data;
using Panel.Tests.EndToEnd;

namespace Panel.Tests.Members;

/// <summary>Passkeys in a real browser with an authenticator that chromium itself plays (WebAuthn §11, virtual authenticators).</summary>
public sealed class PasskeyTests(BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private readonly int port = FreePort.Take();

    [Fact]
    public async Task A_passkey_is_added_signs_in_and_stops_when_it_is_removed_or_the_member_suspended()
    {
        using var app = Start();
        await using var context = await fixture.Browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = House });
        var page = await context.NewPageAsync();
        var cdp = await context.NewCDPSessionAsync(page);
        await cdp.SendAsync("WebAuthn.enable");
        await cdp.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });

        await page.GotoAsync(await app.InviteAsync("ann"));
        await page.FillAsync("#Password", Browser.Password);
        await page.ClickAsync("button.act");
        await page.WaitForURLAsync(House + "/");

        await page.GotoAsync("/account");
        await page.FillAsync("#passkey-name", "Phone");
        await page.ClickAsync("[data-passkey=create]");
        await page.GetByText("The passkey is added").First.WaitForAsync();
        Assert.True(await page.GetByRole(AriaRole.Rowheader, new() { Name = "Phone" }).IsVisibleAsync());

        await SignOutAsync(page);
        await page.ClickAsync("[data-passkey=get]");
        await page.WaitForURLAsync(House + "/");
        await page.GotoAsync("/account");
        Assert.True(await page.GetByRole(AriaRole.Cell, new() { Name = "passkey", Exact = true }).First.IsVisibleAsync());

        await SignOutAsync(page);
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None));
        await page.ClickAsync("[data-passkey=get]");
        await page.GetByText("This account is suspended").First.WaitForAsync();
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ResumeAsync(PanelApp.Admin, "ann", CancellationToken.None));

        await page.GotoAsync("/sign-in");
        await page.ClickAsync("[data-passkey=get]");
        await page.WaitForURLAsync(House + "/");
        await page.GotoAsync("/account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove Phone" }).ClickAsync();
        await page.GetByText("The passkey is removed here").First.WaitForAsync();
        await SignOutAsync(page);
        await page.ClickAsync("[data-passkey=get]");
        await page.GetByText("This passkey opens no account here").First.WaitForAsync();
    }

    private string House => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    private PanelApp Start()
    {
        var app = new PanelApp(more: [("Urls", House), ("Panel:PublicUrl", House), ("Finger:Listen", "127.0.0.1:0")]);
        app.UseKestrel();
        app.StartServer();
        return app;
    }

    private static async Task SignOutAsync(IPage page)
    {
        await page.GotoAsync("/account");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.WaitForURLAsync("**/sign-in");
    }
}
