using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>The same two hosts with a real certificate authority: a name's https goes over with its account, before its DNS does.</summary>
public sealed class MoveCertificateTests : IAsyncLifetime
{
    private readonly NameServer dns = new();
    private readonly TwoHosts house = new();
    private Pebble pebble = null!;

    public async Task InitializeAsync()
    {
        // Long enough for a move, short enough that a test sees one renewed.
        pebble = await Pebble.StartAsync(dns, house.One.HttpPort, 90, house.House);
        var trusted = $"{Path.GetDirectoryName(pebble.RootFile)}/trusted.pem";
        await File.WriteAllTextAsync(trusted, await File.ReadAllTextAsync(pebble.CaFile) + await File.ReadAllTextAsync(pebble.RootFile));
        foreach (var (machine, authority) in new[] { (house.One, "127.0.0.1"), (house.Two, house.House) })
        {
            machine.Set("Hosting__Acme__Directory", $"https://{authority}:{pebble.Address.Port}/dir");
            machine.Set("Hosting__Acme__CaFile", trusted);
            machine.Set("Hosting__Acme__Email", "admin@house.example");
            machine.Set("Hosting__Acme__RetrySeconds", "1");
        }

        house.Two.Set("Hosting__Listen", house.AddressOfTwo);
        await house.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await house.DisposeAsync();
        pebble.Dispose();
        dns.Dispose();
    }

    [RootFact]
    public async Task Https_answers_on_the_new_host_with_the_same_certificate_before_the_name_leads_there_and_is_renewed_with_a_key_of_its_own()
    {
        await OpenAsync("bob", "bobart.example");
        await OpenAsync("ann", "annart.example");
        var before = (await LeafAsync("127.0.0.1", house.One, "annart.example"))!;
        // The old host lies: what it gives for bob is ann's.
        foreach (var kind in new[] { "crt", "key" })
        {
            Assert.Equal(0, (await house.One.InsideAsync("cp", $"{TlsOf(house.One)}/ann.web.{kind}", $"{TlsOf(house.One)}/bob.web.{kind}")).Code);
        }

        var moving = house.MoveAsync("ann", "two");
        var seen = 0;
        while (!moving.IsCompleted)
        {
            var state = (await house.LastMoveAsync("ann")).State;
            if (state is "switching" or "kept")
            {
                seen++;
                Assert.Equal(before.Thumbprint, (await LeafAsync(house.AddressOfTwo, house.Two, "annart.example"))?.Thumbprint);
            }
        }

        var moved = await moving;
        Assert.True(moved.State == "kept", $"{moved.Reason}\n{string.Join('\n', moved.Steps)}\n{string.Join('\n', house.Two.Said)}");
        Assert.Contains(moved.Steps, s => s.Contains(" switching: both sides are the same; web: its certificate came along, good until ", StringComparison.Ordinal));
        Assert.True(seen > 0 || await TrustedAsync("annart.example"));
        Assert.True(await TrustedAsync("annart.example"));
        await house.Two.SoonAsync(async () => (await house.App.SiteAsync(PanelApp.Admin, "ann", "web")).Certificate?.State == "issued");

        // Nobody but the web server reads it there, and the old host has it no more.
        var uid = (await house.Two.InsideAsync("id", "-u", "ann")).Output.Trim();
        Assert.NotEqual(0, (await house.Two.InsideAsync("setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "cat", $"{TlsOf(house.Two)}/ann.web.moved.key")).Code);
        Assert.Equal("640 root", (await house.Two.InsideAsync("stat", "-c", "%a %U", $"{TlsOf(house.Two)}/ann.web.moved.key")).Output.Trim());
        await AgentMachine.UntilAsync(async () => (await FilesAsync(house.One)).All(f => !f.StartsWith("ann.", StringComparison.Ordinal)));

        await What_a_lying_host_gives_is_named_and_ordered_anew();

        // Renewal: as usual, with a key that the old host never had.
        await dns.AddressAsync("annart.example", house.AddressOfTwo);
        X509Certificate2? now = null;
        for (var patience = 0; patience < 4 && now?.Thumbprint is null; patience++)
        {
            now = await LaterAsync(before);
        }

        Assert.NotNull(now);
        Assert.False(before.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(now.PublicKey.ExportSubjectPublicKeyInfo()));
        await AgentMachine.UntilAsync(() => TrustedAsync("annart.example"));
        await AgentMachine.UntilAsync(async () => (await FilesAsync(house.Two)).Where(f => f.StartsWith("ann.", StringComparison.Ordinal)).SequenceEqual(["ann.web.crt", "ann.web.key"]));
    }

    private async Task What_a_lying_host_gives_is_named_and_ordered_anew()
    {
        var moved = await house.MoveAsync("bob", "two");
        Assert.True(moved.State == "kept", moved.Reason);
        Assert.Contains(moved.Steps, s => s.EndsWith("web: the certificate that came is not taken, it is not for the names of this site alone; it is ordered anew", StringComparison.Ordinal));
        Assert.Equal("CN=localhost", (await LeafAsync(house.AddressOfTwo, house.Two, "bobart.example"))!.Subject);
        await dns.AddressAsync("bobart.example", house.AddressOfTwo);
        await AgentMachine.UntilAsync(() => TrustedAsync("bobart.example"));
    }

    private async Task OpenAsync(string handle, string domain)
    {
        var by = await house.MemberAsync(handle, "one");
        await house.SiteAsync(by, "web", "static");
        Assert.Null((await house.App.WithAsync<Domains, Outcome<DomainPage>>(d => d.AddAsync(PanelApp.Admin, handle, new NewDomain(domain, "web", Approve: true), default))).Refused);
        await house.One.SoonAsync(async () => (await LeafAsync("127.0.0.1", house.One, domain))?.Subject == $"CN={domain}");
    }

    private async Task<X509Certificate2?> LaterAsync(X509Certificate2 before)
    {
        X509Certificate2? now = null;
        try
        {
            await AgentMachine.UntilAsync(async () => (now = await LeafAsync(house.AddressOfTwo, house.Two, "annart.example")) is { } leaf && leaf.Thumbprint != before.Thumbprint && leaf.Subject == before.Subject);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        return now;
    }

    private static async Task<X509Certificate2?> LeafAsync(string address, AgentMachine machine, string name)
    {
        try
        {
            using var line = new TcpClient();
            await line.ConnectAsync(address, machine.HttpsPort);
            X509Certificate2? leaf = null;
            await using var tls = new SslStream(line.GetStream(), false, (_, shown, _, _) => (leaf = X509CertificateLoader.LoadCertificate(shown!.GetRawCertData())) is not null);
            await tls.AuthenticateAsClientAsync(name);
            return leaf;
        }
        catch (Exception no) when (no is IOException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            return null;
        }
    }

    private async Task<bool> TrustedAsync(string name)
    {
        var port = house.Two.HttpsPort.ToString(CultureInfo.InvariantCulture);
        return (await AgentMachine.RunAsync("curl", "-s", "--cacert", pebble.RootFile, "--resolve", $"{name}:{port}:{house.AddressOfTwo}", $"https://{name}:{port}/")).Code == 0;
    }

    private static string TlsOf(AgentMachine machine) => $"/srv/panel/{machine.Id}/tls";

    private static async Task<string[]> FilesAsync(AgentMachine machine) => (await machine.InsideAsync("ls", TlsOf(machine))).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
