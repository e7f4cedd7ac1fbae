extern alias agent;

using System.Diagnostics;
using System.Globalization;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>DNS-01 by hook: a real authority that can reach no web server of ours, and its own challenge server as the name server that the
/// hook writes to.</summary>
public sealed class AgentDnsTests : IAsyncLifetime, IDisposable
{
    private readonly AgentMachine machine = new();
    private Process dns = null!;
    private Pebble pebble = null!;

    public async Task InitializeAsync()
    {
        if (RootFactAttribute.Missing is not null)
        {
            return;
        }

        var ports = NameServer.FreePorts(2).Select(p => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{p}")).ToArray();
        dns = Process.Start(new ProcessStartInfo("pebble-challtestsrv", ["-dns01", ports[0], "-management", ports[1], "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        dns.BeginOutputReadLine();
        dns.BeginErrorReadLine();

        // Port 9 answers nothing: HTTP-01 cannot have been the way.
        pebble = await Pebble.StartAsync(ports[0], 9, 3600);
        Directory.CreateDirectory(machine.Data);
        var hook = $"{machine.Data}/hook";
        await File.WriteAllTextAsync(hook, $$"""
            #!/bin/sh
            case $1 in present) act=set-txt ;; *) act=clear-txt ;; esac
            exec curl -sf -d "{\"host\":\"$2\",\"value\":\"$3\"}" "http://{{ports[1]}}/$act"

            """);
        File.SetUnixFileMode(hook, (UnixFileMode)0b111_101_101);
        machine.Set("Hosting__Acme__Directory", pebble.Address.AbsoluteUri);
        machine.Set("Hosting__Acme__CaFile", pebble.CaFile);
        machine.Set("Hosting__Acme__Email", "admin@house.example");
        machine.Set("Hosting__Acme__DnsHook", hook);
        machine.Set("Hosting__Acme__Resolver", ports[0]);
        await machine.InitializeAsync();
    }

    public Task DisposeAsync() => machine.DisposeAsync();

    public void Dispose()
    {
        dns?.Kill();
        dns?.Dispose();
        pebble?.Dispose();
        machine.Dispose();
    }

    [RootFact]
    public async Task A_site_whose_names_lead_nowhere_yet_gets_its_certificate_through_the_hook()
    {
        await machine.Panel.SayAsync(Account("ann", 290_351, machine.PublicKey, Site("ann", "web", SiteKind.Static, "annart.example", "www.annart.example")));
        var told = await machine.Panel.HeardAsync(r => r.Accounts.Any(a => a.Items.Any(i => i.Kind == "certificate")));
        var issued = told.Accounts.SelectMany(a => a.Items).First(i => i.Kind == "certificate");
        Assert.True(issued.State == ItemState.Live, issued.Message);
        var at = machine.HttpsPort.ToString(CultureInfo.InvariantCulture);
        await UntilAsync(async () => (await RunAsync("curl", "-sf", "--cacert", pebble.RootFile, "-o", "/dev/null", "--resolve", $"www.annart.example:{at}:127.0.0.1", $"https://www.annart.example:{at}/")).Code == 0);
    }
}
