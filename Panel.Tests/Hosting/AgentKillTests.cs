extern alias agent;

using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>The agent dies after the N-th of its changes of the machine. The short form takes every ninth; PANEL_FAULTS_KILL_EVERY=1 takes
/// every single one and PANEL_FAULTS_KILLS says how often, every second time at a random moment instead.</summary>
public sealed class AgentKillTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private static readonly int Stride = Number("KILL_EVERY", 9), Rounds = Number("KILLS", 12);
    private static readonly bool Long = Stride < 9;

    [RootFact]
    public async Task Killed_between_its_file_operations_nginx_can_reload_the_neighbour_is_served_and_no_account_stays_half()
    {
        await machine.Panel.SayAsync(Account("neighbour", 290_500, machine.PublicKey, Site("neighbour", "web", SiteKind.Static, "neighbour.example")));
        await machine.UploadAsync("neighbour", "/sites/web/public/index.html", "here");
        var (died, random, failed) = (0, new Random(Rounds), "");
        var (unable, unserved, half) = (0, 0, 0);
        // A start and a change are fewer than 150 changes of the machine: then it begins anew.
        for (var (n, round) = (Stride, 0); round < Rounds; (n, round) = ((n % 150) + Stride, round + 1))
        {
            await machine.KillAgentAsync();
            var anyMoment = Long && round % 2 == 1;
            machine.Set("PANEL_AGENT_FAULT", anyMoment ? "" : n.ToString(CultureInfo.InvariantCulture));
            await machine.StartAgentAsync();
            var handle = $"k{round}x";
            var account = Account(handle, 290_510 + round, machine.PublicKey,
                Site(handle, "web", round % 2 == 0 ? SiteKind.Php : SiteKind.Proxy, $"{handle}.example", $"www.{handle}.example") with { Canonical = $"{handle}.example" });
            var said = machine.Panel.SayAsync(round % 3 == 2 ? account with { Status = AccountStatus.Suspended } : account);
            await Task.WhenAny(said, machine.Ended, anyMoment ? Task.Delay(random.Next(250)) : Task.Delay(Timeout.Infinite));
            died += machine.Ended.IsCompleted || anyMoment ? 1 : 0;
            await machine.KillAgentAsync();

            unable += (await machine.InsideAsync("nginx", "-t", "-q", "-c", $"/srv/panel/{machine.Id}/nginx/nginx.conf")).Code == 0 ? 0 : 1;
            unserved += await machine.GetAsync("neighbour.example", "/") == (HttpStatusCode.OK, "here") ? 0 : 1;
            machine.Set("PANEL_AGENT_FAULT", "");
            await machine.StartAgentAsync();
            var mended = (await said).Items.All(i => i.State is ItemState.Live or ItemState.Suspended) && (await machine.Panel.RequestAsync(AgentWork.Plan)).Plan! is [];
            half += mended ? 0 : 1;
            failed += mended && unable + unserved == 0 ? "" : $"round {round} after {n}: {string.Join(' ', (await said).Items)}\n";
        }

        if (Environment.GetEnvironmentVariable("PANEL_FAULTS_TABLE") is { Length: > 0 } table)
        {
            await File.AppendAllTextAsync(table, $"| {(Long ? "after each change in turn, and at random moments" : "every ninth change")} | {Rounds} | {died} | {unable} | {unserved} | {half} |\n");
        }

        Assert.True(unable + unserved + half == 0, failed);
        Assert.InRange(died, Rounds / 3, Rounds);
        Assert.Empty(Directory.EnumerateFileSystemEntries($"/srv/panel/{machine.Id}/staging"));
    }

    private static int Number(string name, int usually) =>
        int.TryParse(Environment.GetEnvironmentVariable($"PANEL_FAULTS_{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : usually;
}
