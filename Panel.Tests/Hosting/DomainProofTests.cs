using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>Names are proved by their own DNS, asked for with the real dig at a real name server.</summary>
public sealed class DomainProofTests : IDisposable
{
    private readonly NameServer dns = new();

    public static TheoryData<string> Providers => PanelApp.Providers;

    public void Dispose() => dns.Dispose();

    [Theory, MemberData(nameof(Providers))]
    public async Task A_name_is_served_as_soon_as_its_dns_shows_the_proof(string provider)
    {
        using var app = App(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        Assert.Null((await app.AddSiteAsync(ann, "ann", "web", "static", "Bücher.example")).Refused);

        var before = (await CheckAsync(app, ann, "ann", "bücher.example")).Value!;
        Assert.Equal(("waiting", "missing", "found"), (before.State, before.Rows[0].State, before.Rows[1].State));
        Assert.Equal(("bücher.example", "xn--bcher-kva.example", "_panel.xn--bcher-kva.example"), (before.Typed, before.Name, before.Rows[0].Name));
        await dns.TextAsync(before.Rows[0].Name, "panel-proof=of-somebody-else");
        Assert.Equal("differs", (await CheckAsync(app, ann, "ann", before.Name)).Value!.Rows[0].State);

        await dns.TextAsync(before.Rows[0].Name, before.Rows[0].Wanted[0]);
        var after = (await CheckAsync(app, ann, "ann", before.Name)).Value!;

        Assert.Equal(("approved", "found"), (after.State, after.Rows[0].State));
        Assert.Equal("xn--bcher-kva.example", (await agent.AskAsync(0))["accounts"]![0]!["sites"]![0]!["domains"]![0]!.GetValue<string>());
        var below = (await AddAsync(app, ann, "ann", "www.bücher.example")).Value!;
        Assert.Equal("approved", below.State);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_7_a_claim_keeps_nobody_away_and_only_the_proved_name_is_anybodys(string provider)
    {
        using var app = App(provider);
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        var squat = (await AddAsync(app, bob, "bob", "annart.example")).Value!;
        var own = (await AddAsync(app, ann, "ann", "annart.example")).Value!;
        Assert.NotEqual(squat.Rows[0].Wanted[0], own.Rows[0].Wanted[0]);

        await dns.TextAsync(own.Rows[0].Name, own.Rows[0].Wanted[0]);
        Assert.Equal("waiting", (await CheckAsync(app, bob, "bob", "annart.example")).Value!.State);
        Assert.Equal("approved", (await CheckAsync(app, ann, "ann", "annart.example")).Value!.State);

        // Even a row with the other's proof and an admin's word do not take a name that is somebody's.
        await dns.TextAsync(own.Rows[0].Name, squat.Rows[0].Wanted[0]);
        Assert.Contains("another account", (await CheckAsync(app, bob, "bob", "annart.example")).Refused!.Message, StringComparison.Ordinal);
        Assert.NotNull((await app.WithAsync<Domains, Outcome<Done>>(d => d.ApproveAsync(PanelApp.Admin, "bob", "annart.example", CancellationToken.None))).Refused);
        foreach (var name in new[] { "annart.example", "www.annart.example", "a.b.annart.example", "ANNART.example." })
        {
            Assert.NotNull((await AddAsync(app, PanelApp.Admin, "bob", name)).Refused);
        }

        Assert.IsType<NotThere>((await CheckAsync(app, bob, "ann", "annart.example")).Refused);
        Assert.Null((await AddAsync(app, PanelApp.Admin, "bob", "xannart.example")).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_7_all_names_below_one_are_claimed_as_that_one_is_and_cover_nobody_elses(string provider)
    {
        using var app = App(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        Assert.Null((await app.AddSiteAsync(ann, "ann", "web", "static", "*.annart.example")).Refused);
        var waiting = (await CheckAsync(app, ann, "ann", "*.annart.example")).Value!;
        Assert.Equal(("waiting", "_panel.annart.example"), (waiting.State, waiting.Rows[0].Name));

        // Before it is proved it keeps nobody away; what somebody has below it then keeps it away.
        Assert.Null((await AddAsync(app, PanelApp.Admin, "bob", "shop.annart.example")).Refused);
        await dns.TextAsync(waiting.Rows[0].Name, waiting.Rows[0].Wanted[0]);
        Assert.Contains("Another account", (await CheckAsync(app, ann, "ann", "*.annart.example")).Refused!.Message, StringComparison.Ordinal);
        Assert.Null((await app.WithAsync<Domains, Outcome<Done>>(d => d.RemoveAsync(PanelApp.Admin, "bob", "shop.annart.example", CancellationToken.None))).Refused);
        Assert.Equal("approved", (await CheckAsync(app, ann, "ann", "*.annart.example")).Value!.State);
        Assert.Equal("*.annart.example", (await agent.AskAsync(0))["accounts"]!.AsArray().Single(a => a!["handle"]!.GetValue<string>() == "ann")!["sites"]![0]!["domains"]![0]!.GetValue<string>());

        foreach (var name in new[] { "shop.annart.example", "a.b.annart.example", "annart.example", "*.annart.example", "*.shop.annart.example" })
        {
            Assert.NotNull((await AddAsync(app, PanelApp.Admin, "bob", name)).Refused);
        }

        Assert.Equal("approved", (await AddAsync(app, ann, "ann", "shop.annart.example")).Value!.State);
        Assert.NotNull((await AddAsync(app, PanelApp.Admin, "bob", "*.example")).Refused);
        Assert.NotNull((await AddAsync(app, PanelApp.Admin, "bob", "*.localhost")).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Claims_that_wait_are_looked_at_by_themselves(string provider)
    {
        var time = new ManualTime();
        using var app = App(provider, time);
        var ann = await app.MemberAsync("ann");
        var claim = (await AddAsync(app, ann, "ann", "annart.example")).Value!;
        await LookAsync();
        Assert.Equal("waiting", await StateAsync());
        await dns.TextAsync(claim.Rows[0].Name, claim.Rows[0].Wanted[0]);
        await LookAsync();
        Assert.Equal("waiting", await StateAsync());
        time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync();
        Assert.Equal("approved", await StateAsync());

        Task<bool> LookAsync() => app.WithAsync<DomainChecks, bool>(async c =>
        {
            await c.CheckWaitingAsync(Actor.Job, CancellationToken.None);
            return true;
        });
        async Task<string> StateAsync() => (await app.WithAsync<Domains, Outcome<DomainPage>>(d => d.ShowAsync(ann, "ann", "annart.example", CancellationToken.None))).Value!.State;
    }

    [Fact]
    public async Task What_the_dns_cannot_tell_is_said_so_and_proves_nothing()
    {
        using var app = App("sqlite");
        var ann = await app.MemberAsync("ann");
        await AddAsync(app, ann, "ann", "annart.example");
        await dns.BrokenAsync("_panel.annart.example");
        await dns.AddressAsync("annart.example", "203.0.113.7");
        var page = (await CheckAsync(app, ann, "ann", "annart.example")).Value!;
        Assert.Equal(("waiting", "failed", "differs"), (page.State, page.Rows[0].State, page.Rows[1].State));
        Assert.Contains("SERVFAIL", page.Rows[0].Why, StringComparison.Ordinal);
        Assert.Contains("203.0.113.7", page.Rows[1].Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"panel-proof=1\"", "panel-proof=1")]
    [InlineData("\"panel-\" \"proof=1\"", "panel-proof=1")]
    [InlineData("\"a\\\"b\\\\c\\255\\010\"", "a\"b\\c??")]
    [InlineData("\"<script>\"", "<script>")]
    public void Class_3_text_rows_are_read_as_they_are_written(string written, string meant) =>
        Assert.Equal(meant, Assert.Single(NameLookup.Read($";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1\n\n;; ANSWER SECTION:\nx.\t\t60\tIN\tTXT\t{written}\n", "TXT").Values));

    [Theory]
    [InlineData("")]
    [InlineData("status: ")]
    [InlineData(";; status: REFUSED, id: 5\nx. 60 IN TXT \"panel-proof=1\"")]
    [InlineData(";; connection timed out; no servers could be reached")]
    public void Whatever_else_dig_prints_is_trouble_and_no_value(string output)
    {
        var answer = NameLookup.Read(output, "TXT");
        Assert.Empty(answer.Values);
        Assert.NotNull(answer.Trouble);
    }

    private PanelApp App(string provider, ManualTime? time = null) => new(provider, ("Hosting:Resolver", dns.Address)) { Time = time };

    private static Task<Outcome<DomainPage>> AddAsync(PanelApp app, Actor by, string handle, string name) =>
        app.WithAsync<Domains, Outcome<DomainPage>>(d => d.AddAsync(by, handle, new NewDomain(name), CancellationToken.None));

    private static Task<Outcome<DomainPage>> CheckAsync(PanelApp app, Actor by, string handle, string name) =>
        app.WithAsync<DomainChecks, Outcome<DomainPage>>(d => d.CheckAsync(by, handle, name, CancellationToken.None));
}
