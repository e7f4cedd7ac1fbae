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
    public async Task What_was_removed_long_ago_is_deleted_and_a_log_is_put_aside_and_goes_on()
    {
        await machine.Panel.SayAsync(Account("bob", 290_302, machine.PublicKey, Site("bob", "web")));
        var now = DateTimeOffset.UtcNow;
        var (old, young) = (now.AddDays(-31).ToUnixTimeSeconds(), now.AddDays(-29).ToUnixTimeSeconds());
        foreach (var at in new[] { old, young })
        {
            Directory.CreateDirectory($"{machine.Accounts}/.trash/gone-290399-{at}/home");
            await File.WriteAllTextAsync($"{machine.Accounts}/.trash/bob.shop.sql-290302-{at}", "");
            Directory.CreateDirectory($"{machine.Accounts}/bob/removed/shop.{at}/public");
        }

        var log = $"/srv/panel/{machine.Id}/host-log/access.json";
        using (var grown = File.OpenWrite(log))
        {
            grown.SetLength((64 << 20) + 1);
        }

        await machine.Panel.RequestAsync(AgentWork.Converge);
        // A whole account goes when Panel says so, and never by the clock of a host alone.
        Assert.Equal(
            [$"bob.shop.sql-290302-{young}", $"gone-290399-{old}", $"gone-290399-{young}"], Directory.EnumerateFileSystemEntries($"{machine.Accounts}/.trash").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([$"shop.{young}"], Directory.EnumerateDirectories($"{machine.Accounts}/bob/removed").Select(Path.GetFileName));
        await UntilAsync(() => File.Exists(log) && new FileInfo(log).Length < 1 << 20);
        await machine.GetAsync("web.bob.localhost", "/counted");
        await UntilAsync(async () => (await File.ReadAllTextAsync(log)).Contains("\"host\":\"web.bob.localhost\"", StringComparison.Ordinal));
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
