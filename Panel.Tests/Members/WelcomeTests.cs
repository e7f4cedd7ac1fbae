using System.Net;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Tests.Members;

public class WelcomeTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_member_joins_by_the_link_and_is_signed_in(string provider)
    {
        using var app = new PanelApp(provider);
        using var ann = await app.SignInAsync("ann");

        var home = await ann.GetStringAsync("/");
        var page = await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ShowAsync(PanelApp.Admin, "ann", CancellationToken.None));

        Assert.Contains("ann", home, StringComparison.Ordinal);
        Assert.Equal("active", page.Value!.State);
    }

    [Fact]
    public async Task The_first_admin_is_made_by_the_set_up_link_which_then_is_closed()
    {
        using var app = new PanelApp();
        var link = await SetupLinkAsync(app);
        using var eve = app.Visitor();
        using var made = await eve.SendFormAsync(link.AbsolutePath, ("Handle", "eve"), ("Email", "eve@example.org"), ("Name", "Eve"), ("Password", Browser.Password));

        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        Assert.Contains("/members", await eve.GetStringAsync("/"), StringComparison.Ordinal);
        using var late = await app.Visitor().GetAsync(link);
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
        Assert.Null((await app.WithAsync<Invitations, Outcome<SetupLink>>(i => i.FirstAdminAsync(PanelApp.Admin, CancellationToken.None))).Value!.Url);
    }

    [Fact]
    public async Task The_set_up_link_stops_working_once_an_admin_joined_by_another_way()
    {
        using var app = new PanelApp();
        var link = await SetupLinkAsync(app);
        using var admin = await app.SignInAsync("ann", admin: true);

        using var late = await app.Visitor().GetAsync(link);

        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
    }

    [Fact]
    public async Task Looking_at_a_link_changes_nothing()
    {
        using var app = new PanelApp();
        var link = await app.InviteAsync("ann");
        using var scanner = app.Visitor();
        for (var look = 0; look < 5; look++)
        {
            using var shown = await scanner.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
        }

        using var joined = await app.Visitor().SendFormAsync(link, ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_link_works_once_even_for_two_at_the_same_moment(string provider)
    {
        using var app = new PanelApp(provider);
        var token = (await app.InviteAsync("ann")).Split('/')[^1];

        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(i =>
            app.WithAsync<AcceptInvitation, Outcome<Member>>(a => a.AcceptAsync(token, new Acceptance(Browser.Password + i, "Ann"), CancellationToken.None))));

        Assert.Single(both, b => b.Succeeded);
        Assert.IsType<NotThere>(both.Single(b => !b.Succeeded).Refused);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("aaaaaaaaaaaaaaaa")]
    public async Task A_weak_password_keeps_the_link_open(string password)
    {
        using var app = new PanelApp();
        var link = await app.InviteAsync("ann");
        using var ann = app.Visitor();

        using var refused = await ann.SendFormAsync(link, ("Password", password));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        using var joined = await ann.SendFormAsync(link, ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
    }

    [Fact]
    public async Task A_new_link_for_a_joined_member_ends_the_sessions_and_the_old_password()
    {
        using var app = new PanelApp();
        using var before = await app.SignInAsync("ann");
        var again = await app.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m => m.InviteAgainAsync(PanelApp.Admin, "ann", CancellationToken.None));
        using var after = app.Visitor();
        using var joined = await after.SendFormAsync(again.Value!.InviteUrl.AbsolutePath, ("Name", "Ann"), ("Password", "another long password"));

        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
        using var old = await before.GetAsync("/");
        Assert.Equal(HttpStatusCode.Redirect, old.StatusCode);
        using var wrong = await app.Visitor().SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
    }

    [Fact]
    public async Task A_form_without_the_token_of_its_page_is_refused()
    {
        using var app = new PanelApp();
        var link = await app.InviteAsync("ann");
        using var body = new FormUrlEncodedContent([KeyValuePair.Create("Password", Browser.Password)]);

        using var refused = await app.Visitor().PostAsync(link, body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private static async Task<Uri> SetupLinkAsync(PanelApp app) =>
        (await app.WithAsync<Invitations, Outcome<SetupLink>>(i => i.FirstAdminAsync(PanelApp.Admin, CancellationToken.None))).Value!.Url!;
}
