using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Finger;
using Panel.Services.Hosting;
using Panel.Services.Newsletters;
using Panel.Tests.Members;
using Panel.Web.Home;
using Panel.Web.Shared;

namespace Panel.Tests.Home;

public sealed class DashboardTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 16, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Home_shows_what_a_member_has_and_nothing_of_others()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        var bob = await app.MemberAsync("bob");
        var me = await app.WithAsync<Panel.Services.Members.Members, Actor>(async m =>
            Actor.Member((await m.ShowAsync(PanelApp.Admin, "ann", default)).Value!.Id, "ann", false, Door.Web));
        Assert.Null((await app.WithAsync<Sites, Outcome<SitePage>>(s => s.AddAsync(me, "ann", new NewSite("web", "static"), default))).Refused);
        Assert.Null((await app.WithAsync<Sites, Outcome<SitePage>>(s => s.AddAsync(bob, "bob", new NewSite("secret", "static"), default))).Refused);
        Assert.Null((await app.WithAsync<FingerAccounts, Outcome<FingerPage>>(f =>
            f.SetAsync(me, "ann", new FingerChanges(Plan: "Painting <the> stairwell."), default))).Refused);

        var page = await ann.GetStringAsync("/");

        Assert.Contains("href=\"/sites/web\"", page, StringComparison.Ordinal);
        Assert.Contains("Painting &lt;the&gt; stairwell.", page, StringComparison.Ordinal);
        Assert.Contains("Site web added", page, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_asks_for_attention_from_four_fifths_on()
    {
        Assert.Empty(Dashboard.NeedsOf(Used(79, 100)));
        Assert.Equal("Your disk is 80 % full.", Assert.Single(Dashboard.NeedsOf(Used(80, 100))).Title);
        Assert.Empty(Dashboard.NeedsOf(Used(80, null)));
        Assert.Empty(Dashboard.NeedsOf((UsagePage?)null));
    }

    [Fact]
    public void A_failed_site_says_why_and_a_waiting_name_says_for_whom()
    {
        var site = new SitePage(1, "ann", "web", "static", null, "web.ann.localhost", new Uri("http://web.ann.localhost/"), "failed", "The folder public is missing.",
            new SftpAddress("localhost", 2222, "ann", "/sites/web/public"), [new DomainPage(1, "annart.example", "annart.example", "web", "waiting", Now, null, null, [])], Now, Now, 12, "1");
        var needs = Dashboard.NeedsOf(site).ToList();
        Assert.Equal(["The site web is not live.", "annart.example is not served yet."], needs.Select(n => n.Title));
        Assert.Equal("The folder public is missing.", needs[0].Why);
    }

    [Fact]
    public void A_newsletter_that_waits_for_its_writer_says_so()
    {
        var list = new ListPage(1, "ann", "letters", "Studio letters", "", "Ann", "ann@annart.example", "Street 1, Berlin", "", "en", true, Now, 2, 0, 0, 0, new Uri("http://localhost/lists/ann/letters"));
        var issue = new IssuePage(7, "ann", "letters", "Studio letters", "Opening", "", IssueState.Asking, null, 2, Now, Now, Now, null, null, null);
        Assert.Empty(Dashboard.NeedsOf(new ListCell(list, null)));
        Assert.Equal("/newsletters/letters/issues/7", Assert.Single(Dashboard.NeedsOf(new ListCell(list, issue))).Href);
        Assert.Equal("The receiver said no.", Assert.Single(Dashboard.NeedsOf(new ListCell(list, issue with { State = IssueState.Paused, Note = "The receiver said no." }))).Why);
        Assert.Empty(Dashboard.NeedsOf(new ListCell(list, issue with { State = IssueState.Sending })));
        Assert.Equal("/newsletters/letters/edit", Assert.Single(Dashboard.NeedsOf(new ListCell(list with { PostalAddress = "" }, null))).Href);
        Assert.Contains("ann@annart.example", Assert.Single(Dashboard.NeedsOf(new ListCell(list with { FromApproved = false }, null))).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("site.add", "web", "Site web added")]
    [InlineData("session.start", "ann", "Signed in")]
    [InlineData("api-token.revoke", "laptop", "Api token laptop revoked")]
    [InlineData("odd", "thing", "Odd thing")]
    public void An_audit_entry_is_said_as_a_sentence(string action, string target, string words) =>
        Assert.Equal(words, AuditWords.Of(new AuditPage(1, Now, "ann", Door.Web, action, target, "ann", [])));

    [Fact]
    public void A_long_plan_is_cut_at_a_line() =>
        Assert.Equal("1\n2\n3\n4\n5\n6\n...", Dashboard.FirstLines("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n"));

    private static UsagePage Used(long bytes, long? limit) => new("ann", bytes, limit, true, null, Now, false, [], []);
}
