using System.Globalization;
using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>A whole issue through a real Postfix, with a real restart of the database in the middle. PANEL_FAULTS_MAILS makes it the
/// long run of infra/bench.</summary>
public class RelayRestartTests
{
    private const int Connections = 8;
    private static readonly int Mails = CrashRun.Number("PANEL_FAULTS_MAILS", 2_000);

    [Fact]
    public async Task Paused_resumed_and_with_the_database_restarted_everybody_gets_it_once_through_real_Postfix()
    {
        using var folder = new TempFolder();
        var (server, database) = PostgresServer.StartOwn();
        using var own = server;
        await using var sink = ScriptedSink.Start(new SinkScript { KeepsMessages = false });
        await using var postfix = await PostfixServer.StartAsync(sink.Port, FreePort.Take());
        await using var panel = new CrashedPanel(folder, CrashRun.Settings(database, postfix.Port, Connections));
        await panel.StartAsync();
        var issue = await CrashRun.SendOffAsync(panel, Mails);

        await CrashRun.UntilAsync(() => Task.FromResult(sink.Accepted.Count > Mails / 10));
        await panel.CallAsync(HttpMethod.Put, $"/issues/{issue}/pause");
        Assert.Equal("paused", (string?)(await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}"))["state"]);
        await panel.CallAsync(HttpMethod.Delete, $"/issues/{issue}/pause");
        await CrashRun.UntilAsync(() => Task.FromResult(sink.Accepted.Count > Mails / 4));
        own.End();
        var meanwhile = sink.Accepted.Count;
        own.Begin();
        await CrashRun.UntilSentAsync([panel], issue);
        await CrashRun.UntilAsync(() => Task.FromResult(sink.Accepted.Count >= Mails));

        var report = await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report");
        var counts = sink.Accepted.GroupBy(m => m.To).ToDictionary(g => g.Key, g => g.Count());
        CrashRun.Note(string.Create(CultureInfo.InvariantCulture,
            $"| {Mails} through real Postfix, paused, resumed, PostgreSQL restarted at {meanwhile} | sent {report["sent"]}, unknown {report["unknown"]} | {counts.Count} addresses, {counts.Count(c => c.Value > 1)} twice |"));
        Assert.InRange(meanwhile, 1, Mails - 1);
        Assert.Equal((Mails, Mails, 0), ((int)report["recipients"]!, (int)report["sent"]!, (int)report["unknown"]!));
        Assert.Equal(Mails, counts.Count);
        Assert.All(Enumerable.Range(0, Mails), n => Assert.Equal(1, counts[string.Create(CultureInfo.InvariantCulture, $"p{n}@a.example")]));
    }
}
