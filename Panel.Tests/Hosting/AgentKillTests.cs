extern alias agent;

using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>The agent dies after the N-th of its changes of the machine. The short form takes every ninth; PANEL_KILL_EVERY=1 takes
/// every single one and goes on for 500 deaths.</summary>
public sealed class AgentKillTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private static readonly int Stride = int.TryParse(Environment.GetEnvironmentVariable("PANEL_KILL_EVERY"), CultureInfo.InvariantCulture, out var every) ? every : 9;
    private static readonly int Rounds = Stride == 9 ? 12 : 500;

    [RootFact]
    public async Task Killed_between_its_file_operations_nginx_can_reload_the_neighbour_is_served_and_no_account_stays_half()
    {
        await machine.Panel.SayAsync(Account("neighbour", 290_500, machine.PublicKey, Site("neighbour", "web", SiteKind.Static, "neighbour.example")));
        await machine.UploadAsync("neighbour", "/sites/web/public/index.html", "here");
        var died = 0;
        // A start and a change are fewer than 150 changes of the machine: then it begins anew.
        for (var (n, round) = (Stride, 0); round < Rounds; (n, round) = ((n % 150) + Stride, round + 1))
        {
            await machine.KillAgentAsync();
            machine.Set("PANEL_AGENT_FAULT", n.ToString(CultureInfo.InvariantCulture));
            await machine.StartAgentAsync();
            var handle = $"k{round}x";
            var account = Account(handle, 290_510 + round, machine.PublicKey,
                Site(handle, "web", round % 2 == 0 ? SiteKind.Php : SiteKind.Proxy, $"{handle}.example", $"www.{handle}.example") with { Canonical = $"{handle}.example" });
            var said = machine.Panel.SayAsync(round % 3 == 2 ? account with { Status = AccountStatus.Suspended } : account);
            await Task.WhenAny(said, machine.Ended);
            died += machine.Ended.IsCompleted ? 1 : 0;

            Assert.Equal(0, (await machine.InsideAsync("nginx", "-t", "-q", "-c", $"/srv/panel/{machine.Id}/nginx/nginx.conf")).Code);
            Assert.Equal((HttpStatusCode.OK, "here"), await machine.GetAsync("neighbour.example", "/"));
            machine.Set("PANEL_AGENT_FAULT", "");
            await machine.KillAgentAsync();
            await machine.StartAgentAsync();
            Assert.All((await said).Items, i => Assert.True(i.State is ItemState.Live or ItemState.Suspended, $"after {n}: {i}"));
            Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
        }

        Assert.InRange(died, Rounds / 3, Rounds);
        Assert.Empty(Directory.EnumerateFileSystemEntries($"/srv/panel/{machine.Id}/staging"));
    }
}
