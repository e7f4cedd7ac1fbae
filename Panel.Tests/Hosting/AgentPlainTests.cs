extern alias agent;

using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentPlainTests : IAsyncLifetime, IDisposable
{
    private readonly AgentMachine machine = new();
    private readonly TcpListener squatter;

    public AgentPlainTests()
    {
        squatter = new TcpListener(IPAddress.Loopback, machine.SftpPort);
        machine.Set("Hosting__ImageBytes", "0");
    }

    public Task InitializeAsync()
    {
        squatter.Start();
        return machine.InitializeAsync();
    }

    public Task DisposeAsync() => machine.DisposeAsync();

    public void Dispose()
    {
        machine.Dispose();
        squatter.Dispose();
    }

    [RootFact]
    public async Task Without_btrfs_disk_use_is_counted_and_a_taken_port_gives_way_to_the_next_free_one()
    {
        await machine.Panel.SayAsync(Account("ann", 290_301, machine.PublicKey, Site("ann", "web")));
        var facts = machine.Panel.Reports[^1].Facts;
        Assert.False(facts.QuotaEnforced);
        Assert.Contains("counted only", facts.FileSystem, StringComparison.Ordinal);
        Assert.True(facts.SftpPort > machine.SftpPort);
        Assert.Equal(machine.HttpPort, facts.HttpPort);
        var kept = JsonDocument.Parse(await File.ReadAllTextAsync($"{machine.Data}/ports.json")).RootElement;
        Assert.Equal(facts.SftpPort, kept.GetProperty("sftpPort").GetInt32());

        await File.WriteAllBytesAsync($"{machine.Accounts}/ann/home/big", new byte[5 << 20]);
        var usage = Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage);
        Assert.False(usage.Enforced);
        Assert.InRange(usage.DiskBytes, 5 << 20, 6 << 20);

        squatter.Stop();
        await machine.KillAgentAsync();
        await machine.StartAgentAsync();
        Assert.Equal(facts.SftpPort, (await machine.Panel.RequestAsync(AgentWork.Converge)).Facts.SftpPort);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("web.ann.localhost", "/")).Code);
    }
}
