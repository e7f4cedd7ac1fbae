using System.Net;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Tests.Members;

namespace Panel.Tests.Hosting;

public class TrafficTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_batch_counts_once_and_only_for_whom_it_is_known(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        await app.AddSiteAsync(ann, "ann", "web");
        var known = await agent.AskAsync(0);
        var now = DateTime.UtcNow;
        JsonNode[] Told(string batch) =>
        [
            One(batch, "ann", now, 1000, 3, 2), One(batch, "ann", now.AddHours(-30), 500, 1, 1), One(batch, "ann", now.AddDays(-40), 7, 1, 1), One(batch, "nobody", now, 9, 9, 9),
            One(batch, "ann", now, -5, 1, 1),
        ];
        foreach (var batch in new[] { "a", "a", "b", "a" })
        {
            Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), traffic: Told(batch)));
        }

        var page = (await ShowAsync(app, ann, null, null)).Value!;
        Assert.Equal((3000, 8, 6), (page.Bytes, page.Requests, page.Visits));
        Assert.InRange(page.Days.Count, 2, 2);
        Assert.Equal(2000, (await ShowAsync(app, ann, now.AddHours(-2), null)).Value!.Bytes);
        Assert.Equal(1000, (await ShowAsync(app, ann, now.AddHours(-40), now.AddHours(-20))).Value!.Bytes);
        Assert.Equal("from", (await ShowAsync(app, ann, now, now.AddHours(-2))).Refused!.Field);
        Assert.IsType<NotThere>((await ShowAsync(app, bob, null, null)).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task How_a_site_answers_is_changed_and_told_to_its_host(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web", "static", "annart.example");
        await app.AddSiteAsync(PanelApp.Admin, "bob", "web", "static", "bobart.example");

        var changed = (await ChangeAsync(app, ann, new SiteChange(true, "annart.example"))).Value!;
        Assert.Equal((true, "annart.example"), (changed.HttpsOnly, changed.Canonical));
        var told = (await agent.AskAsync(0))["accounts"]!.AsArray().Single(a => a!["handle"]!.GetValue<string>() == "ann")!["sites"]![0]!;
        Assert.Equal((true, "annart.example"), (told["httpsOnly"]!.GetValue<bool>(), told["canonical"]!.GetValue<string>()));

        foreach (var name in new[] { "bobart.example", "evil.example", "x;}", "annart.example http://evil" })
        {
            Assert.Equal("canonical", (await ChangeAsync(app, ann, new SiteChange(Canonical: name))).Refused!.Field);
        }

        Assert.Equal("phpVersion", (await ChangeAsync(app, ann, new SiteChange(PhpVersion: "8.2"))).Refused!.Field);
        var back = (await ChangeAsync(app, ann, new SiteChange(false, ""))).Value!;
        Assert.Equal((false, null), (back.HttpsOnly, back.Canonical));
        var bob = Actor.Member(2, "bob", false, Door.Web);
        Assert.IsType<NotThere>((await ChangeAsync(app, bob, new SiteChange(true))).Refused);
    }

    [Fact]
    public async Task The_log_is_read_on_the_page_and_as_a_file()
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        using var ann = await app.SignInAsync("ann");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web");
        var known = await agent.AskAsync(0);
        await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>());

        foreach (var path in new[] { "/sites/web/log", "/sites/web/log.jsonl" })
        {
            var read = ann.GetStringAsync(path);
            var asked = await agent.AskAsync(known["revision"]!.GetValue<long>(), known["epoch"]!.GetValue<string>(), 20);
            Assert.Equal(("log", "ann", "web"), (asked["requests"]![0]!["work"]!.GetValue<string>().ToLowerInvariant(), asked["requests"]![0]!["handle"]!.GetValue<string>(), asked["requests"]![0]!["name"]!.GetValue<string>()));
            await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), request: asked["requests"]![0]!["id"]!.GetValue<long>(), plan: ["{\"path\":\"/<script>\"}"]);
            var text = await read;
            Assert.Contains(path.EndsWith("log", StringComparison.Ordinal) ? "/&lt;script&gt;" : "/<script>", text, StringComparison.Ordinal);
        }

        Assert.Contains("Nothing was counted yet", await ann.GetStringAsync("/sites/web/visits"), StringComparison.Ordinal);
    }

    private static JsonObject One(string batch, string handle, DateTime hour, long bytes, long requests, long visits) => new JsonObject
    {
        ["batch"] = batch,
        ["handle"] = handle,
        ["site"] = "web",
        ["hour"] = hour.Date.AddHours(hour.Hour),
        ["bytes"] = bytes,
        ["requests"] = requests,
        ["visits"] = visits,
        ["errors"] = 0,
    };

    private static Task<Outcome<TrafficPage>> ShowAsync(PanelApp app, Actor by, DateTime? from, DateTime? to) =>
        app.WithAsync<Traffic, Outcome<TrafficPage>>(t => t.ShowAsync(by, "ann", "web", from, to, CancellationToken.None));

    private static Task<Outcome<SitePage>> ChangeAsync(PanelApp app, Actor by, SiteChange change) =>
        app.WithAsync<SiteSettings, Outcome<SitePage>>(s => s.ChangeAsync(by, "ann", "web", change, CancellationToken.None));
}
