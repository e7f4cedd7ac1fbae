using System.Text.Json.Nodes;
using Panel.Services.Data;
using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>F1: the real program is killed with SIGKILL again and again while an issue goes out. PANEL_FAULTS_MAILS and
/// PANEL_FAULTS_KILLS make it the long run of infra/bench.</summary>
public class CrashTests
{
    private const int Connections = 4;
    private static readonly int Mails = CrashRun.Number("PANEL_FAULTS_MAILS", 2_000);
    private static readonly int Kills = CrashRun.Number("PANEL_FAULTS_KILLS", 12);

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F1_killed_at_random_nobody_is_missed_and_nobody_gets_it_twice(string provider)
    {
        using var folder = new TempFolder();
        var chance = new Random(CrashRun.Number("PANEL_FAULTS_SEED", 20261122));
        var gate = new Lock();
        var (kills, next, armed) = (0, Next(chance, 0, Kills), true);
        var dots = 0;
        CrashedPanel? panel = null;
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => Answer() });
        await using var running = panel = new CrashedPanel(folder, CrashRun.Settings(provider == DatabaseOptions.Postgres ? PostgresServer.NewDatabase() : null, sink.Port, Connections));
        await panel.StartAsync();
        var issue = await CrashRun.SendOffAsync(panel, Mails);
        while (await FollowAsync(panel, issue) is not "sent")
        {
            await panel.WaitUntilDeadAsync();
            lock (gate)
            {
                armed = true;
            }

            await panel.StartAsync();
        }

        CrashRun.Check(await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report?deliveries=true"), sink, Mails, kills, Connections, $"{provider}, one node");
        Assert.True(kills >= Kills * 2 / 3, $"only {kills} of {Kills} kills hit the sending");

        // Killed at the dot: sometimes the answer was on its way, sometimes the server had only just taken the message.
        string Answer()
        {
            lock (gate)
            {
                dots++;
                if (armed && kills < Kills && dots >= next && panel!.Kill())
                {
                    (kills, next, armed) = (kills + 1, Next(chance, dots, Kills - kills - 1), false);
                }
            }

            return "250 2.0.0 Ok";
        }
    }

    // Spread over what is left, so that every kill finds something to hit.
    private static int Next(Random chance, int from, int left) => from + 1 + chance.Next(2 * Math.Max(1, Mails - from) / (left + 2));

    /// <summary>The state when the issue is done, or null once the program is dead.</summary>
    private static async Task<string?> FollowAsync(CrashedPanel panel, long issue)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var deadline = DateTime.UtcNow.AddMinutes(CrashRun.Minutes);
        while (true)
        {
            Assert.True(DateTime.UtcNow < deadline, "The issue was not sent in time.");
            try
            {
                var report = await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report");
                CrashRun.AddsUp(report, Mails);
                var state = (string?)report["state"];
                if (state == "sent")
                {
                    return state;
                }
            }
            catch (HttpRequestException)
            {
                return null;
            }

            await looks.WaitForNextTickAsync();
        }
    }
}
