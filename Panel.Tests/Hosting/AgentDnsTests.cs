extern alias agent;

using System.Diagnostics;
using System.Globalization;
using System.Net;
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

        var ports = Enumerable.Range(0, 2).Select(_ => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Take()}")).ToArray();
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
    public async Task A_site_whose_names_lead_nowhere_yet_gets_its_certificate_through_the_hook_also_for_all_names_below_one()
    {
        var told = machine.Panel.HeardAsync(r => r.Accounts.Any(a => a.Handle == "ann" && a.Items.Any(i => i.Kind == "certificate")));
        await machine.Panel.SayAsync(Account("ann", 290_351, machine.PublicKey, Site("ann", "web", SiteKind.Static, "annart.example", "www.annart.example", "*.annart.example")));
        await machine.UploadAsync("ann", "/sites/web/public/index.html", "ann");
        var issued = (await told).Accounts.Single(a => a.Handle == "ann").Items.First(i => i.Kind == "certificate");
        Assert.True(issued.State == ItemState.Live, issued.Message);
        foreach (var name in new[] { "annart.example", "www.annart.example", "any.annart.example" })
        {
            await UntilAsync(async () => await SecureAsync(name) == "ann");
        }

        // Whoever has a whole name keeps it, and no visitor reaches a directory by the name that it has on the disk.
        await machine.Panel.SayAsync(Account("bob", 290_352, machine.PublicKey, Site("bob", "shop", SiteKind.Static, "shop.annart.example")));
        await machine.UploadAsync("bob", "/sites/shop/public/index.html", "bob");
        await UntilAsync(async () => (await machine.GetAsync("shop.annart.example", "/")).Text == "bob");
        Assert.Equal("ann", (await machine.GetAsync("ANY.annart.example", "/")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("_.example", "/")).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("annart.example.example", "/")).Code);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);

        await machine.Panel.SayAsync(Account("ann", 290_351, machine.PublicKey, Site("ann", "web", SiteKind.Static, "annart.example")));
        await UntilAsync(async () => (await machine.GetAsync("any.annart.example", "/")).Code == HttpStatusCode.NotFound);
        Assert.Equal("bob", (await machine.GetAsync("shop.annart.example", "/")).Text);
    }

    private async Task<string> SecureAsync(string name)
    {
        var at = machine.HttpsPort.ToString(CultureInfo.InvariantCulture);
        return (await RunAsync("curl", "-sf", "--cacert", pebble.RootFile, "--resolve", $"{name}:{at}:127.0.0.1", $"https://{name}:{at}/")).Output;
    }
}
