extern alias agent;

using System.Globalization;
using agent::Panel.Agent;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Certificates from a real authority, ordered by lego and judged by curl.</summary>
public sealed class AgentTlsTests : IAsyncLifetime, IDisposable
{
    private readonly AgentMachine machine = new();
    private readonly NameServer dns = new();
    private Pebble? pebble;

    public async Task InitializeAsync()
    {
        // Short enough that a test sees one renewed.
        pebble = await Pebble.StartAsync(dns, machine.HttpPort, 15);
        machine.Set("Hosting__Acme__Directory", pebble.Address.AbsoluteUri);
        machine.Set("Hosting__Acme__CaFile", pebble.CaFile);
        machine.Set("Hosting__Acme__Email", "admin@house.example");
        // Longer than an order takes under load: a rest that is over before its order ends is told to nobody.
        machine.Set("Hosting__Acme__RetrySeconds", "5");
        await machine.InitializeAsync();
    }

    public Task DisposeAsync() => machine.DisposeAsync();

    public void Dispose()
    {
        machine.Dispose();
        dns.Dispose();
        pebble?.Dispose();
    }

    [RootFact]
    public async Task A_site_gets_a_certificate_for_its_own_names_and_a_new_one_before_that_ends()
    {
        await machine.Panel.SayAsync(Account("ann", 290_301, machine.PublicKey, Site("ann", "web", SiteKind.Static, "annart.example", "www.annart.example")));
        var issued = await CertificateAsync("ann", i => i.State == ItemState.Live);
        Assert.InRange(issued.Until!.Value, DateTime.UtcNow, DateTime.UtcNow.AddSeconds(16));
        await UntilAsync(async () => await TrustedAsync("annart.example") && await TrustedAsync("www.annart.example"));
        Assert.False(await TrustedAsync("web.ann.localhost"));
        Assert.Contains("CN = localhost", await SubjectAsync("web.ann.localhost"), StringComparison.Ordinal);

        // Neither the member nor lego's user can read the key, and lego never had it.
        foreach (var uid in new[] { 290_301, Identity.AcmeId })
        {
            Assert.NotEqual(0, (await AsAsync(uid, "cat", $"/srv/panel/{machine.Id}/tls/ann.web.key")).Code);
        }

        Assert.NotEqual(0, (await machine.InsideAsync("grep", "-rlE", "BEGIN (EC )?PRIVATE", $"/srv/panel/{machine.Id}/acme/certificates")).Code);
        Assert.NotEqual(0, (await AsAsync(290_301, "ls", $"/srv/panel/{machine.Id}/acme")).Code);

        await CertificateAsync("ann", i => i.Until > issued.Until);
        await UntilAsync(() => TrustedAsync("annart.example"));
        Assert.DoesNotContain((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!, l => l.StartsWith("ann:", StringComparison.Ordinal));
    }

    [RootFact]
    public async Task A_name_that_leads_elsewhere_is_named_with_the_reason_and_keeps_no_other_name_waiting()
    {
        await dns.AddressAsync("elsewhere.example", "127.0.0.9");
        await machine.Panel.SayAsync(Account("bob", 290_302, machine.PublicKey, Site("bob", "web", SiteKind.Static, "bobart.example", "elsewhere.example")));
        var failed = await CertificateAsync("bob", i => i.State == ItemState.Failed);
        Assert.Contains("elsewhere.example: the certificate authority could not reach this name", failed.Message, StringComparison.Ordinal);
        await UntilAsync(() => TrustedAsync("bobart.example"));
        Assert.False(await TrustedAsync("elsewhere.example"));

        await dns.AddressAsync("elsewhere.example", "127.0.0.1");
        await CertificateAsync("bob", i => i.State == ItemState.Live);
        await UntilAsync(() => TrustedAsync("elsewhere.example"));
    }

    [RootFact]
    public async Task Class_4_a_member_cannot_answer_the_authoritys_questions_and_a_site_without_authority_is_served()
    {
        var cat = Account("cat", 290_303, machine.PublicKey, Site("cat", "web"));
        await machine.Panel.SayAsync(cat);
        Assert.Equal(0, (await machine.SftpAsync("cat", "mkdir /sites/web/public/.well-known", "mkdir /sites/web/public/.well-known/acme-challenge")).Code);
        await machine.UploadAsync("cat", "/sites/web/public/.well-known/acme-challenge/token", "forged");
        Assert.DoesNotContain("forged", (await machine.GetAsync("web.cat.localhost", "/.well-known/acme-challenge/token")).Text, StringComparison.Ordinal);
        await machine.InsideAsync("ln", "-s", $"{machine.Accounts}/cat/sites/web/public/.well-known/acme-challenge/token", $"/srv/panel/{machine.Id}/acme-webroot/link");
        Assert.DoesNotContain("forged", (await machine.GetAsync("web.cat.localhost", "/.well-known/acme-challenge/link")).Text, StringComparison.Ordinal);

        pebble!.Dispose();
        pebble = await Pebble.StartAsync(dns, machine.HttpPort, 15);
        var report = await machine.Panel.SayAsync(cat with { Sites = [Site("cat", "web", SiteKind.Static, "catart.example")] });
        Assert.Equal(ItemState.Live, Assert.Single(report.Items, i => i.Kind == "site").State);
        Assert.Contains("The certificate authority", (await CertificateAsync("cat", i => i.State == ItemState.Failed)).Message, StringComparison.Ordinal);
        Assert.Contains("CN = localhost", await SubjectAsync("catart.example"), StringComparison.Ordinal);
    }

    private async Task<ItemReport> CertificateAsync(string handle, Func<ItemReport, bool> wanted)
    {
        bool Is(ItemReport item) => item.Kind == "certificate" && item.Name == "web" && wanted(item);
        try
        {
            return (await machine.Panel.HeardAsync(r => r.Accounts.Any(a => a.Handle == handle && a.Items.Any(Is)))).Accounts.Single(a => a.Handle == handle).Items.Single(Is);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException(string.Join('\n', machine.Said.TakeLast(20)));
        }
    }

    private async Task<bool> TrustedAsync(string name) => (await RunAsync(
        "curl", "-s", "--cacert", pebble!.RootFile, "--resolve", $"{name}:{Port}:127.0.0.1", $"https://{name}:{Port}/")).Code == 0;

    private async Task<string> SubjectAsync(string name) => (await RunAsync("openssl", "s_client", "-connect", $"127.0.0.1:{Port}", "-servername", name)).Output;

    private Task<(int Code, string Output)> AsAsync(int uid, params string[] command) =>
        machine.InsideAsync(["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", .. command]);

    private string Port => machine.HttpsPort.ToString(CultureInfo.InvariantCulture);
}
