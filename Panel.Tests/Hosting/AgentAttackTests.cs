extern alias agent;

using System.Globalization;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>What one member does to their own account must reach nobody else: numbers as in the list of attack classes.</summary>
public sealed class AgentAttackTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task Class_16b_names_in_a_handshake_lead_to_no_file_of_a_member()
    {
        await LiveAsync("neighbour2", 290_602, Site("neighbour2", "web", SiteKind.Static, "neighbour2.example"));
        await LiveAsync("mallory2", 290_603, Site("mallory2", "web"));
        var place = $"{machine.Accounts}/mallory2/sites/web/public";
        foreach (var name in new[] { "tls.crt", "tls.key" })
        {
            Assert.Equal(0, (await machine.InsideAsync("setpriv", "--reuid=290603", "--regid=290603", "--clear-groups", "mkfifo", "-m", "0666", $"{place}/{name}")).Code);
        }

        var at = machine.HttpsPort.ToString(CultureInfo.InvariantCulture);
        foreach (var sni in new[] { "../accounts/mallory2/sites/web/public", "web.mallory2.localhost/public", "WEB.MALLORY2.LOCALHOST", "..", "_default", "a..b", "-a.b", new string('a', 64) + ".example" })
        {
            var (_, said) = await RunAsync("timeout", "5", "openssl", "s_client", "-connect", $"127.0.0.1:{at}", "-servername", sni);
            Assert.Contains("CN = localhost", said, StringComparison.Ordinal);
            var (_, code) = await RunAsync("curl", "-sk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", $"neighbour2.example:{at}:127.0.0.1", $"https://neighbour2.example:{at}/");
            Assert.Equal("200", code);
        }
    }

    private async Task LiveAsync(string handle, int uid, params SiteState[] sites) =>
        Assert.All((await machine.Panel.SayAsync(Account(handle, uid, machine.PublicKey, sites))).Items, i => Assert.Equal(ItemState.Live, i.State));
}
