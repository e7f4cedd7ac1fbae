extern alias agent;

using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task A_static_site_is_live_from_an_upload_by_sftp()
    {
        var report = await machine.Panel.SayAsync(Account("ann", 290_001, machine.PublicKey, Site("ann", "web")));

        Assert.All(report.Items, i => Assert.True(i.State == ItemState.Live, i.ToString() + string.Join('\n', machine.Said)));
        Assert.Contains("ready", (await machine.GetAsync("web.ann.localhost", "/")).Text, StringComparison.Ordinal);
        await machine.UploadAsync("ann", "/sites/web/public/index.html", "hello from ann");
        Assert.Equal((HttpStatusCode.OK, "hello from ann"), await machine.GetAsync("web.ann.localhost", "/"));
    }
}
