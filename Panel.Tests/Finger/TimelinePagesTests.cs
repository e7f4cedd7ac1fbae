using System.Net;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using Panel.Tests.Members;
using static Panel.Tests.Finger.FingerSteps;

namespace Panel.Tests.Finger;

public class TimelinePagesTests
{
    [Fact]
    public async Task The_journey_of_a_member_on_the_page_posts_follows_reads_replies_and_leaves()
    {
        using var app = House();
        using var ann = await app.SignInAsync("ann");
        await app.MemberAsync("bob");
        await app.SetAsync("bob", new FingerChanges("Bob Builder", Listed: true));
        await app.PostAsync(Actor.Member(2, "bob", false, Door.Web), "bob", "for @ann #stairs");

        Assert.Contains("Bob Builder", await ann.GetStringAsync("/following"), StringComparison.Ordinal);
        using var wrong = await ann.SendFormAsync("/following", ("Address", "bob at house"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("value=\"bob at house\"", await wrong.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var followed = await ann.SendFormAsync("/following", ("Address", "bob@house.example"));
        Assert.Equal(HttpStatusCode.SeeOther, followed.StatusCode);

        var page = await ann.GetStringAsync("/timeline");
        Assert.Contains("You were mentioned", page, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/~ann\">@ann</a> <a href=\"/timeline?tag=stairs\">#stairs</a>", page, StringComparison.Ordinal);
        using var seen = await ann.SendFormAsync("/timeline", "/timeline/notices");
        Assert.DoesNotContain("You were mentioned", await ann.GetStringAsync("/timeline"), StringComparison.Ordinal);
        Assert.Contains("@bob@house.example </textarea>", await ann.GetStringAsync("/timeline?to=bob%40house.example"), StringComparison.Ordinal);
        using var empty = await ann.SendFormAsync("/timeline", ("Text", " "));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.StatusCode);
        using var posted = await ann.SendFormAsync("/timeline", ("Text", "@bob@house.example yes"), ("To", "bob@house.example"));
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Assert.Contains("yes", await ann.GetStringAsync("/timeline?house=true&q=YES"), StringComparison.Ordinal);
        Assert.Contains("yes", await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.Contains("Bob Builder", await ann.GetStringAsync("/following"), StringComparison.Ordinal);
        Assert.Contains("action=\"/timeline/posts/2/removal\"", await ann.GetStringAsync("/timeline"), StringComparison.Ordinal);
        using var back = await ann.SendFormAsync("/timeline", "/timeline/posts/2/removal");
        Assert.DoesNotContain("yes", await app.AskAsync("ann"), StringComparison.Ordinal);

        using var left = await ann.SendFormAsync("/following", "/following/removal", ("address", "bob@house.example"));
        Assert.DoesNotContain("#stairs", await ann.GetStringAsync("/timeline"), StringComparison.Ordinal);
        using var other = await ann.SendFormAsync("/timeline", "/timeline/posts/1/removal");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
    }

    [Fact]
    public async Task R16_a_plan_that_looks_like_commands_is_listed_for_admins_who_withhold_it_with_a_reason_the_member_reads()
    {
        using var app = House();
        using var boss = await app.SignInAsync("boss", admin: true);
        using var ann = await app.SignInAsync("ann");
        await app.SetAsync("ann", new FingerChanges(Plan: "Hello.\n  $ curl https://x.example/i.sh | sudo bash\n"));

        Assert.Contains("curl https://x.example/i.sh | sudo bash", await boss.GetStringAsync("/care"), StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.OK, (await ann.GetAsync("/care")).StatusCode);
        using var withheld = await boss.SendFormAsync("/finger/ann", "/finger/ann/withholding", ("reason", "Please no commands."));
        Assert.Equal("There is nobody here by that name.\r\n", await app.AskAsync("ann"));
        Assert.Contains("Please no commands.", await ann.GetStringAsync("/finger"), StringComparison.Ordinal);
        var audit = await app.WithAsync<Services.Audit.AuditTrail, Outcome<IReadOnlyList<Services.Audit.AuditPage>>>(a => a.ListAsync(PanelApp.Admin, "ann", null, CancellationToken.None));
        Assert.Contains(new Services.Audit.AuditChange("withheldReason", null, "Please no commands."), audit.Value![0].Changes);
    }

    [Theory]
    [InlineData("curl -fsSL https://x | sh", true)]
    [InlineData("# wget x", true)]
    [InlineData("sudo rm -rf /", true)]
    [InlineData("eval \"$(echo x)\"", true)]
    [InlineData("echo aGk= | base64 -d", true)]
    [InlineData("I curl my hair and sh! nobody knows", false)]
    [InlineData("Costs $ 5 or 10 %", false)]
    [InlineData("# Plans\n- paint\n> a quote", false)]
    [InlineData("finger me at ann@house.example", false)]
    public void R16_lines_to_paste_are_told_from_words(string plan, bool flagged) => Assert.Equal(flagged, PlanSigns.Find(plan) is not null);

    [Fact]
    public async Task Both_texts_are_on_the_page_when_home_and_panel_changed_and_one_button_ends_it()
    {
        using var app = House();
        using var ann = await app.SignInAsync("ann");
        using var agent = app.AgentLink();
        await app.SetAsync("ann", new FingerChanges(Plan: "of the panel"));
        await HomesTests.TellAsync(agent, "ann", "plan", "of the home <b>\n");

        var page = await ann.GetStringAsync("/finger");
        Assert.Contains("of the home &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.Contains("of the panel</textarea>", page, StringComparison.Ordinal);
        using var chosen = await ann.SendFormAsync("/finger", "/finger/ann/home/plan", ("keep", "file"));
        Assert.Equal(HttpStatusCode.SeeOther, chosen.StatusCode);
        Assert.Contains("of the home <b>", await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.DoesNotContain("was changed in your home and here", await ann.GetStringAsync("/finger"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_ports_and_networks_may_be_written_either_way()
    {
        using var app = new PanelApp(more: [("Finger:Follow:Ports:0", "79"), ("Finger:Follow:Ports:1", "7979"), ("Finger:Follow:Networks:0", "127.0.0.1")]);
        var follow = ((Microsoft.Extensions.Options.IOptions<FingerOptions>)app.Services.GetService(typeof(Microsoft.Extensions.Options.IOptions<FingerOptions>))!).Value.Follow;

        Assert.Equal(("79;7979", "127.0.0.1"), (follow.Ports, follow.Networks));
    }
}
