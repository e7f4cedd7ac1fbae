using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>F2: two nodes on one PostgreSQL. PANEL_FAULTS_MAILS and PANEL_FAULTS_KILLS make it the long run of infra/bench.</summary>
public sealed class TwoNodeTests : IDisposable
{
    private const int Connections = 3;
    private static readonly int Mails = CrashRun.Number("PANEL_FAULTS_MAILS", 900);
    private static readonly int Kills = CrashRun.Number("PANEL_FAULTS_KILLS", 3);
    private readonly TempFolder[] folders = [new(), new()];
    private readonly CancellationTokenSource done = new();

    [Fact]
    public async Task F2_two_nodes_killed_at_random_in_a_storm_of_pauses_mail_each_person_once()
    {
        var chance = new Random(CrashRun.Number("PANEL_FAULTS_SEED", 20261122));
        var gate = new Lock();
        var (kills, dots, next) = (0, 0, Mails / 10);
        CrashedPanel[] nodes = [];
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => Answer() });
        var settings = CrashRun.Settings(PostgresServer.NewDatabase(), sink.Port, Connections);
        await using var first = new CrashedPanel(folders[0], settings);
        await using var second = new CrashedPanel(folders[1], settings);
        await first.StartAsync();
        Directory.CreateDirectory(folders[1].In("keys"));
        File.Copy(folders[0].In("keys", "master"), folders[1].In("keys", "master"));
        await second.StartAsync();
        nodes = [first, second];
        Task[] keepers = [KeepAliveAsync(first), KeepAliveAsync(second)];
        var issue = await CrashRun.SendOffAsync(first, Mails);
        var storm = StormAsync(nodes, issue, () => Volatile.Read(ref dots) < Mails * 3 / 4);

        await CrashRun.UntilSentAsync(nodes, issue);
        await storm;
        await done.CancelAsync();
        await Task.WhenAll(keepers);

        var answering = first.IsDead ? second : first;
        CrashRun.Check(await answering.CallAsync(HttpMethod.Get, $"/issues/{issue}/report?deliveries=true"), sink, Mails, kills, Connections, "postgres, two nodes, pauses");
        Assert.True(kills >= Kills * 2 / 3, $"only {kills} of {Kills} kills hit the sending");

        string Answer()
        {
            lock (gate)
            {
                dots++;
                if (kills < Kills && dots >= next && nodes.Length > 0 && nodes[chance.Next(nodes.Length)].Kill())
                {
                    (kills, next) = (kills + 1, dots + 1 + chance.Next(2 * Math.Max(1, Mails - dots) / (Kills - kills + 1)));
                }
            }

            return "250 2.0.0 Ok";
        }
    }

    public void Dispose()
    {
        Array.ForEach(folders, f => f.Dispose());
        done.Dispose();
    }

    private async Task KeepAliveAsync(CrashedPanel node)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!done.IsCancellationRequested)
        {
            if (node.IsDead)
            {
                await node.WaitUntilDeadAsync();
                await node.StartAsync();
            }

            await looks.WaitForNextTickAsync();
        }
    }

    private static async Task StormAsync(CrashedPanel[] nodes, long issue, Func<bool> goesOn)
    {
        using var turns = new PeriodicTimer(TimeSpan.FromMilliseconds(150));
        for (var turn = 0; goesOn(); turn++)
        {
            await CrashRun.TryAsync(nodes[turn % nodes.Length], turn % 4 < 2 ? HttpMethod.Put : HttpMethod.Delete, issue);
            await turns.WaitForNextTickAsync();
            await CrashRun.TryAsync(nodes[(turn + 1) % nodes.Length], HttpMethod.Delete, issue);
        }

        await CrashRun.TryAsync(nodes[0], HttpMethod.Delete, issue);
        await CrashRun.TryAsync(nodes[1], HttpMethod.Delete, issue);
    }
}
