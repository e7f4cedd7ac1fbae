using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>A1-A4: what receivers want of a sender domain, against what a real name server has.</summary>
public class SenderDomainCheckTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A1_A4_everything_right_is_called_found(string provider)
    {
        var (name, value) = ("", "");
        string Rows() => $"""
            annart.example 60 TXT "v=spf1 include:panel.example ~all"
            annart.example 60 TXT "some other proof"
            annart.example 60 MX 10 mx.annart.example.
            _dmarc.annart.example 60 TXT "v=DMARC1; p=none; rua=mailto:d@annart.example"
            panel.example 60 A 127.0.0.9
            9.0.0.127.in-addr.arpa 60 PTR panel.example.
            {(name.Length == 0 ? "" : $"{name} 60 TXT {string.Join(' ', value.Chunk(200).Select(c => $"\"{new string(c)}\""))}")}
            """;

        // The key is known only once the house has made it, so the second look is at a second server with its row.
        using var app = await HouseAsync(provider, out var port);
        using (new ZoneServer(port, Rows()))
        {
            var page = await CheckAsync(app);
            Assert.Equal(["SPF found", "DKIM missing", "DMARC found", "MX found", "PTR found", "TLS found"], page.Rows.Select(r => $"{r.What} {r.State}"));
            Assert.Null(page.RightAt);
            (name, value) = (page.DkimName, page.DkimValue);
            var plan = (await app.WithAsync<Dispatches, Outcome<DispatchPlan>>(async d => await d.PlanAsync(PanelApp.Admin, await DraftAsync(app), null, default))).Value!;
            Assert.Contains("DKIM of annart.example is missing", Assert.Single(plan.Warnings), StringComparison.Ordinal);
            Assert.Contains("Gmail", plan.Warnings[0], StringComparison.Ordinal);
        }

        using (new ZoneServer(port, Rows()))
        {
            var page = await CheckAsync(app);
            Assert.All(page.Rows, r => Assert.Equal("found", r.State));
            Assert.NotNull(page.RightAt);
        }

        Assert.All((await CheckAsync(app)).Rows.SkipLast(1), r => Assert.Equal("unknown", r.State));
    }

    [Fact]
    public async Task A1_what_is_wrong_is_told_apart_from_what_is_missing()
    {
        using var app = await HouseAsync("sqlite", out var port);
        using var zone = new ZoneServer(port, """
            annart.example 60 TXT "v=spf1 include:elsewhere.example -all"
            annart.example 60 TXT "v=spf1 include:panel.example -all"
            annart.example 60 MX 0 .
            _dmarc.annart.example 60 TXT "v=DMARC1; sp=none"
            panel.example 60 A 127.0.0.9
            9.0.0.127.in-addr.arpa 60 PTR other.example.
            """);
        var page = await CheckAsync(app);
        Assert.Equal(["SPF differs", "DKIM missing", "DMARC differs", "MX differs", "PTR differs", "TLS found"], page.Rows.Select(r => $"{r.What} {r.State}"));
        Assert.Contains("more than one SPF row", page.Rows[0].Words, StringComparison.Ordinal);
        Assert.Equal(("_dmarc.annart.example", "TXT", "v=DMARC1; p=none"), (page.Rows[2].Name, page.Rows[2].Type, page.Rows[2].Wanted));
    }

    [Fact]
    public void The_name_of_a_pointer_is_the_address_backwards()
    {
        Assert.Equal("9.0.0.127.in-addr.arpa", SenderDomainRows.PointerName("127.0.0.9"));
        Assert.Equal($"{string.Concat(Enumerable.Repeat("0.", 24))}8.b.d.0.1.0.0.2.ip6.arpa", SenderDomainRows.PointerName("2001:db8::"));
        Assert.Null(SenderDomainRows.PointerName("panel.example"));
    }

    private static Task<PanelApp> HouseAsync(string provider, out int port)
    {
        port = FreePort.Take();
        return StartAsync(new PanelApp(provider, ("Hosting:Resolver", $"127.0.0.1:{port}"), ("Panel:PublicUrl", "http://panel.example")));
    }

    private static async Task<PanelApp> StartAsync(PanelApp app)
    {
        await app.MemberAsync("ann");
        Assert.Null((await app.WithAsync<Lists, Outcome<ListPage>>(l => l.AddAsync(PanelApp.Admin, "ann", new NewList("letters", "Letters", "Ann <letters@annart.example>", "1 Main Street"), default))).Refused);
        return app;
    }

    private static async Task<long> DraftAsync(PanelApp app) =>
        (await app.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(PanelApp.Admin, "ann", "letters", new IssueWords("Hello", "News."), default))).Value!.Id;

    private static async Task<SenderDomainPage> CheckAsync(PanelApp app) =>
        (await app.WithAsync<SenderDomainChecks, Outcome<SenderDomainPage>>(c => c.CheckAsync(PanelApp.Admin, "ann", "annart.example", default))).Value!;
}
