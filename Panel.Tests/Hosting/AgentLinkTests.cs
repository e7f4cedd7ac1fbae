using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Services.Members;
using static Panel.Tests.Hosting.HostingSteps;

namespace Panel.Tests.Hosting;

public class AgentLinkTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Only_what_is_newer_is_told_unless_everything_must_be(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        await app.MemberAsync("ann");
        var all = await agent.AskAsync(0);
        var (epoch, revision) = (all["epoch"]!.GetValue<string>(), all["revision"]!.GetValue<long>());
        await app.MemberAsync("bob");

        Assert.True(all["full"]!.GetValue<bool>());
        Assert.Equal(["bob"], Handles(await agent.AskAsync(revision, epoch)));
        Assert.Equal(["ann", "bob"], Handles(await agent.AskAsync(0, epoch)));
        Assert.Equal([], Handles(await agent.AskAsync(revision + 1, epoch)));
        Assert.True((await agent.AskAsync(revision + 1, epoch))["removalsConfirmed"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("another", 1)]
    [InlineData(null, 99)]
    public async Task Class_16b_after_a_restore_everything_is_told_and_nothing_taken_away_until_an_admin_has_looked(string? epoch, long after)
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        await app.MemberAsync("ann");
        var own = (await agent.AskAsync(0))["epoch"]!.GetValue<string>();

        var answer = await agent.AskAsync(after, epoch ?? own);

        Assert.True(answer["full"]!.GetValue<bool>());
        Assert.Equal(["ann"], Handles(answer));
        Assert.False(answer["removalsConfirmed"]!.GetValue<bool>());
        Assert.NotNull((await app.HostAsync()).RemovalsHeldAt);
        await app.WithAsync<Hosts, Outcome<HostPage>>(h => h.ConfirmRemovalsAsync(PanelApp.Admin, Hosts.Local, CancellationToken.None));
        Assert.True((await agent.AskAsync(answer["revision"]!.GetValue<long>(), own))["removalsConfirmed"]!.GetValue<bool>());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_waiting_agent_hears_of_a_commit_within_milliseconds(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        var known = await agent.AskAsync(0);
        var (revision, epoch) = (known["revision"]!.GetValue<long>(), known["epoch"]!.GetValue<string>());
        var best = TimeSpan.MaxValue;

        // The machine of the tests is shared: the best of a few is what the program does, the rest is what others do.
        for (var i = 0; i < 5; i++)
        {
            var waiting = agent.AskAsync(revision, epoch, wait: 30);
            Assert.Null((await app.AddSiteAsync(ann, "ann", $"s{i}")).Refused);
            var clock = Stopwatch.StartNew();
            var answer = await waiting;
            best = clock.Elapsed < best ? clock.Elapsed : best;
            Assert.Equal(["ann"], Handles(answer));
            revision = answer["revision"]!.GetValue<long>();
        }

        Assert.InRange(best.TotalMilliseconds, 0, 100);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Suspension_and_removal_are_told_and_shown_when_the_host_has_made_them(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.AddSiteAsync(ann, "ann", "web");
        await ReportAsync(agent, "Live", null);
        Assert.Equal("live", (await app.SiteAsync(ann, "ann", "web")).State);

        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None));
        Assert.Equal("Suspended", (await agent.AskAsync(0))["accounts"]![0]!["status"]!.GetValue<string>());
        Assert.Equal("pending", (await app.SiteAsync(ann, "ann", "web")).State);
        await ReportAsync(agent, "Suspended", null);
        Assert.Equal("suspended", (await app.SiteAsync(ann, "ann", "web")).State);

        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, "ann", CancellationToken.None));
        Assert.Equal("Removed", (await agent.AskAsync(0))["accounts"]![0]!["status"]!.GetValue<string>());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_report_makes_a_site_live_or_says_why_not(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.AddSiteAsync(ann, "ann", "web");

        await ReportAsync(agent, "Failed", "nginx said\nno");
        var failed = await app.SiteAsync(ann, "ann", "web");
        Assert.Equal(("failed", "nginx said no"), (failed.State, failed.Reason));

        await ReportAsync(agent, "Live", null);
        var live = await app.SiteAsync(ann, "ann", "web");
        Assert.Equal(("live", null, "http://web.ann.localhost:18090/", 2230), (live.State, live.Reason, live.Url.AbsoluteUri, live.Sftp.Port));

        await app.WithAsync<Domains, Outcome<DomainPage>>(d => d.AddAsync(PanelApp.Admin, "ann", new NewDomain("annart.example", "web"), CancellationToken.None));
        Assert.Equal("pending", (await app.SiteAsync(ann, "ann", "web")).State);
    }

    [Fact]
    public async Task Class_17_a_report_of_another_database_a_future_or_an_unknown_account_changes_nothing()
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.AddSiteAsync(ann, "ann", "web");
        var known = await agent.AskAsync(0);
        var (epoch, revision) = (known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>());

        Assert.Equal(HttpStatusCode.Conflict, await agent.TellAsync("other", revision, [Account("ann", revision, ("site", "web", "Live", null))]));
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(epoch, revision, [Account("ann", revision + 1, ("site", "web", "Live", null))]));
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(epoch, revision, [Account("stranger", revision, ("site", "web", "Live", null))]));
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(epoch, revision, [Account("ann", revision, ("root", "web", "Live", null))]));
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(epoch, revision, [Account("ann", revision - 1, ("site", "web", "Live", null))]));
        using var half = await agent.PostAsync("/agent/v1/reports", new StringContent("{\"epoch\":\"x\"}"));

        Assert.Equal(HttpStatusCode.BadRequest, half.StatusCode);
        Assert.Equal("pending", (await app.SiteAsync(ann, "ann", "web")).State);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_dry_run_is_asked_of_the_host_and_waited_for(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        await app.MemberAsync("ann");
        Assert.Contains("not called yet", (await PlanAsync(app)).Refused!.Message, StringComparison.Ordinal);
        var known = await agent.AskAsync(0);
        var (epoch, revision) = (known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>());

        var planning = PlanAsync(app);
        var request = (await agent.AskAsync(revision, epoch, wait: 30))["requests"]![0]!;
        Assert.Empty((await agent.AskAsync(revision, epoch))["requests"]!.AsArray());
        Assert.Equal("Plan", request["work"]!.GetValue<string>());
        await agent.TellAsync(epoch, revision, request: request["id"]!.GetValue<long>(), plan: ["ann: make the home"]);

        Assert.Equal(["ann: make the home"], (await planning).Value!.Steps);
        Assert.Equal(["stranger"], (await app.HostAsync()).Orphans);
    }

    [Fact]
    public async Task A_host_that_does_not_call_for_two_minutes_is_silent()
    {
        using var app = new PanelApp { Time = new ManualTime() };
        using var agent = app.AgentLink();
        Assert.Equal("pending", (await app.HostAsync()).State);
        await agent.AskAsync(0);
        Assert.Equal("live", (await app.HostAsync()).State);
        app.Time.Advance(TimeSpan.FromSeconds(121));
        Assert.Equal("silent", (await app.HostAsync()).State);
    }

    [Fact]
    public async Task Class_17_nobody_else_reaches_the_agents_link()
    {
        using var app = new PanelApp();
        var admin = await app.MemberAsync("ann", admin: true);
        using var visitor = app.Visitor();
        using var person = app.Operator();
        using var token = await app.TokenClientAsync(admin);
        foreach (var client in new[] { visitor, person, token })
        {
            using var asked = await client.GetAsync("/agent/v1/accounts?after=0");
            using var told = await client.PostAsync("/agent/v1/reports", new StringContent("{}"));
            Assert.False(asked.IsSuccessStatusCode || told.IsSuccessStatusCode);
        }
    }

    private static Task<Outcome<HostAnswer>> PlanAsync(PanelApp app) =>
        app.WithAsync<HostWork, Outcome<HostAnswer>>(w => w.PlanAsync(PanelApp.Admin, Hosts.Local, CancellationToken.None));

    private static async Task ReportAsync(HttpClient agent, string state, string? message)
    {
        var known = await agent.AskAsync(0);
        var revision = known["revision"]!.GetValue<long>();
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(
            known["epoch"]!.GetValue<string>(), revision, [Account("ann", revision, ("account", "ann", state, null), ("site", "web", state, message))]));
    }

    private static List<string> Handles(JsonNode answer) => [.. answer["accounts"]!.AsArray().Select(a => a!["handle"]!.GetValue<string>())];
}
