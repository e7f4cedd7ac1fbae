using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public class SitesTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_new_site_waits_for_its_host_and_says_where_its_files_go(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");

        var added = await app.AddSiteAsync(ann, "ann", "web");

        Assert.Null(added.Refused);
        var site = await app.SiteAsync(ann, "ann", "web");
        Assert.Equal("pending", site.State);
        Assert.NotNull(site.Reason);
        Assert.Equal("http://web.ann.localhost:18080/", site.Url.AbsoluteUri);
        Assert.Equal(new SftpAddress("localhost", 2222, "ann", "/sites/web/public"), site.Sftp);
        Assert.Equal(["member.add", "site.add"], await ActionsAsync(app));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Hostile_names_and_domains_are_refused_in_words_and_leave_nothing(string provider)
    {
        using var app = new PanelApp(provider, ("Panel:PublicUrl", "http://panel.house.example"), ("Hosting:Base", "sites.house.example"));
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        Assert.Null((await app.AddSiteAsync(PanelApp.Admin, "bob", "web", "static", "bob.example")).Refused);
        var before = await PictureAsync(app);
        string?[] names = [null, "", "Web", "web.", "../web", "web\n", "web;", "web {", "a--b", "-web", "web-", "w\u0435b", "new", new('a', 32), "web web", "$(id)", "%00"];
        string[] domains =
        [
            .. DomainNameTests.Typed.Where(d => d.Length > 0),
            "bob.example", "BOB.example.", "www.bob.example", "a.b.c.bob.example", "\uff42ob.example",
            "panel.house.example", "x.panel.house.example", "house.example", "sites.house.example", "web.bob.sites.house.example",
        ];

        foreach (var name in names)
        {
            AssertKind((await app.AddSiteAsync(ann, "ann", name)).Refused, "name");
        }

        foreach (var domain in domains)
        {
            AssertKind((await app.AddSiteAsync(ann, "ann", "web", "static", "fine.example", domain)).Refused, "domains");
            AssertKind((await app.WithAsync<Domains, Outcome<DomainPage>>(d => d.AddAsync(ann, "ann", new NewDomain(domain), CancellationToken.None))).Refused, "name");
        }

        AssertKind((await app.AddSiteAsync(ann, "ann", "web", "static; return")).Refused, "kind");
        AssertKind((await app.AddSiteAsync(bob, "bob", "two", "static", "example.org", "example.org")).Refused, "domains");
        Assert.Equal(before, await PictureAsync(app));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_members_own_domain_is_served_only_after_an_admins_word(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.AddSiteAsync(ann, "ann", "web", "static", "annart.example");

        Assert.Null((await app.SiteAsync(ann, "ann", "web")).Domains[0].ApprovedAt);
        Assert.Empty((await agent.AskAsync(0))["accounts"]![0]!["sites"]![0]!["domains"]!.AsArray());
        Assert.IsType<NotAllowed>((await ApproveAsync(app, ann)).Refused);
        Assert.Null((await ApproveAsync(app, PanelApp.Admin)).Refused);

        Assert.NotNull((await app.SiteAsync(ann, "ann", "web")).Domains[0].ApprovedAt);
        Assert.Equal("annart.example", (await agent.AskAsync(0))["accounts"]![0]!["sites"]![0]!["domains"]![0]!.GetValue<string>());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Removing_a_site_frees_its_name_and_its_domains(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web", "static", "annart.example");

        Assert.Null((await app.WithAsync<Sites, Outcome<Done>>(s => s.RemoveAsync(ann, "ann", "web", CancellationToken.None))).Refused);

        Assert.Null((await app.AddSiteAsync(PanelApp.Admin, "bob", "web", "php", "annart.example")).Refused);
        Assert.Null((await app.AddSiteAsync(ann, "ann", "web")).Refused);
        Assert.Equal("pending", (await app.SiteAsync(ann, "ann", "web")).State);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_limits_of_the_package_hold_also_when_many_ask_at_once(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");

        var asked = await Task.WhenAll(Enumerable.Range(0, 14).Select(i => app.AddSiteAsync(ann, "ann", $"s{i}")));

        Assert.Equal(10, asked.Count(a => a.Refused is null));
        Assert.All(asked.Where(a => a.Refused is not null), a => Assert.Contains("room for 10 sites", a.Refused!.Message, StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Revisions_follow_the_order_of_the_commits(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        Actor[] members = [await app.MemberAsync("ann"), await app.MemberAsync("bob"), await app.MemberAsync("cat")];
        var epoch = (await agent.AskAsync(0))["epoch"]!.GetValue<string>();
        var seen = new Dictionary<string, int>();
        var adding = Task.WhenAll(members.SelectMany(m => Enumerable.Range(0, 8).Select(i => Task.Run(() => app.AddSiteAsync(m, m.Name, $"s{i}")))));
        var after = 0L;

        // Whoever only ever asks for what is newer must end with everything.
        while (true)
        {
            var done = adding.IsCompleted;
            var answer = await agent.AskAsync(after, epoch);
            foreach (var account in answer["accounts"]!.AsArray())
            {
                Assert.True(account!["revision"]!.GetValue<long>() > after);
                seen[account["handle"]!.GetValue<string>()] = account["sites"]!.AsArray().Count;
            }

            after = answer["revision"]!.GetValue<long>();
            if (done)
            {
                break;
            }
        }

        Assert.All(await adding, a => Assert.Null(a.Refused));
        Assert.All(members, m => Assert.Equal(8, seen[m.Name]));
        Assert.Equal(1 + 3 + 24, after);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Another_members_things_are_not_there(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web", "static", "annart.example");
        using var client = await app.TokenClientAsync(bob);
        string[] paths = ["sites", "sites/web", "domains", "keys"];

        foreach (var path in paths)
        {
            Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/v1/members/ann/{path}")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync("/api/v1/members/ann/sites/web")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync("/api/v1/members/bob/sites/web")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync("/api/v1/members/bob/domains/annart.example")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsJsonAsync("/api/v1/members/ann/sites", new { name = "x", kind = "static" })).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PostAsJsonAsync("/api/v1/members/bob/domains", new { name = "x.annart.example" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/usage/ann")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/hosts/local")).StatusCode);
        Assert.Equal("web", (await app.SiteAsync(ann, "ann", "web")).Name);
    }

    private static Task<Outcome<Done>> ApproveAsync(PanelApp app, Actor by) =>
        app.WithAsync<Domains, Outcome<Done>>(d => d.ApproveAsync(by, "ann", "annart.example", CancellationToken.None));

    private static void AssertKind(Refusal? refused, string field)
    {
        Assert.NotNull(refused);
        Assert.Equal(field, refused.Field);
        Assert.Matches(@"^[A-Z\w].*\.$", refused.Message.ReplaceLineEndings(" "));
    }

    /// <summary>Everything that a refused change must leave as it was.</summary>
    private static Task<string> PictureAsync(PanelApp app) => app.WithAsync<PanelDb, string>(async db => string.Join(' ',
        await db.Set<Host>().Select(h => h.Revision).SumAsync(), await db.Set<Site>().CountAsync(), await db.Set<SiteDomain>().CountAsync(),
        await db.Set<AuditEntry>().CountAsync(), await db.Set<Placement>().Select(p => p.Revision).SumAsync()));

    private static Task<List<string>> ActionsAsync(PanelApp app) =>
        app.WithAsync<PanelDb, List<string>>(db => db.Set<AuditEntry>().OrderBy(e => e.Id).Select(e => e.Action).ToListAsync());
}
