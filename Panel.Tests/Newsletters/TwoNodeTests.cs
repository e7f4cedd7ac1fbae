using Npgsql;
using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>F2: two nodes on one PostgreSQL. PANEL_CRASH_MAILS and PANEL_CRASH_KILLS make it the long run of infra/bench.</summary>
public sealed class TwoNodeTests : IDisposable
{
    private const int Connections = 3;
    private static readonly int Mails = CrashRun.Number("PANEL_CRASH_MAILS", 900);
    private static readonly int Kills = CrashRun.Number("PANEL_CRASH_KILLS", 3);
    private readonly TempFolder[] folders = [new(), new()];
    private readonly CancellationTokenSource done = new();

    [Fact]
    public async Task F2_two_nodes_killed_at_random_in_a_storm_of_pauses_mail_each_person_once()
    {
        var chance = new Random(CrashRun.Number("PANEL_CRASH_SEED", 20261122));
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

        await UntilSentAsync(nodes, issue);
        await storm;
        await done.CancelAsync();
        await Task.WhenAll(keepers);

        var answering = first.IsDead ? second : first;
        CrashRun.Check(await answering.CallAsync(HttpMethod.Get, $"/issues/{issue}/report?deliveries=true"), sink, Mails, kills, Connections, "postgres, two nodes, pauses");
        Assert.True(kills >= Math.Min(Kills, 3), $"only {kills} kills hit the sending");

        string Answer()
        {
            lock (gate)
            {
                dots++;
                if (kills < Kills && dots >= next && nodes.Length > 0 && nodes[chance.Next(nodes.Length)].Kill())
                {
                    (kills, next) = (kills + 1, dots + 1 + chance.Next(2 * Mails / (Kills + 2)));
                }
            }

            return "250 2.0.0 Ok";
        }
    }

    [Fact]
    public async Task The_database_goes_away_in_the_middle_and_comes_back_and_everybody_gets_it_once_through_real_Postfix()
    {
        var mails = CrashRun.Number("PANEL_POSTFIX_MAILS", 400);
        await using var sink = ScriptedSink.Start();
        await using var postfix = await PostfixServer.StartAsync(sink.Port, PostgresServer.FreePort());
        var database = PostgresServer.NewDatabase();
        await using var panel = new CrashedPanel(folders[0], CrashRun.Settings(database, postfix.Port, Connections));
        await panel.StartAsync();
        var issue = await CrashRun.SendOffAsync(panel, mails);
        await UntilAsync(() => Task.FromResult(sink.Accepted.Count > mails / 10));
        await TryAsync(panel, HttpMethod.Put, issue);
        await TryAsync(panel, HttpMethod.Delete, issue);
        await CloseAsync(database, TimeSpan.FromSeconds(3));
        await UntilSentAsync([panel], issue);
        await UntilAsync(() => Task.FromResult(sink.Accepted.Count >= mails));

        var report = await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report");
        Assert.Equal((mails, mails, 0), ((int)report["recipients"]!, (int)report["sent"]!, (int)report["unknown"]!));
        Assert.Equal(mails, sink.Accepted.Select(m => m.To).Distinct().Count());
        Assert.Equal(mails, sink.Accepted.Count);
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
            await TryAsync(nodes[turn % nodes.Length], turn % 4 < 2 ? HttpMethod.Put : HttpMethod.Delete, issue);
            await turns.WaitForNextTickAsync();
            await TryAsync(nodes[(turn + 1) % nodes.Length], HttpMethod.Delete, issue);
        }

        await TryAsync(nodes[0], HttpMethod.Delete, issue);
        await TryAsync(nodes[1], HttpMethod.Delete, issue);
    }

    // A node that is dead, or a pause that has already ended, is part of the storm.
    private static async Task TryAsync(CrashedPanel node, HttpMethod method, long issue)
    {
        try
        {
            await node.CallAsync(method, $"/issues/{issue}/pause");
        }
        catch (Exception refused) when (refused is HttpRequestException or Xunit.Sdk.XunitException)
        {
            // Told by the state of the issue.
        }
    }

    private static Task UntilSentAsync(CrashedPanel[] nodes, long issue)
    {
        var turn = 0;
        return UntilAsync(async () =>
        {
            try
            {
                var node = nodes[turn++ % nodes.Length];
                var state = (string?)(await node.CallAsync(HttpMethod.Get, $"/issues/{issue}"))["state"];
                if (state == "paused")
                {
                    await TryAsync(node, HttpMethod.Delete, issue);
                }

                return state == "sent";
            }
            catch (Exception away) when (away is HttpRequestException or Xunit.Sdk.XunitException)
            {
                return false;
            }
        });
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var deadline = DateTime.UtcNow.AddMinutes(CrashRun.Minutes);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to pass in time.");
            await looks.WaitForNextTickAsync();
        }
    }

    /// <summary>As at a restart: every connection is cut, and none is let in for a while.</summary>
    private static async Task CloseAsync(string database, TimeSpan length)
    {
        var to = new NpgsqlConnectionStringBuilder(database);
        var name = to.Database;
        to.Database = "postgres";
        await using var admin = new NpgsqlConnection(to.ConnectionString);
        await admin.OpenAsync();
        await RunAsync($"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
        await RunAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await RunAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"SELECT pg_sleep({length.TotalSeconds})"));
        await RunAsync($"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true");

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, admin);
            await command.ExecuteNonQueryAsync();
        }
    }
}
