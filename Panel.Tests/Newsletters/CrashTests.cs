using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Panel.Services.Data;
using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>F1: the real program is killed with SIGKILL again and again while an issue goes out. PANEL_CRASH_MAILS and
/// PANEL_CRASH_KILLS make it the long run of infra/bench.</summary>
public class CrashTests
{
    private const int Connections = 4;
    private static readonly int Mails = Number("PANEL_CRASH_MAILS", 2_000);
    private static readonly int Kills = Number("PANEL_CRASH_KILLS", 12);

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F1_killed_at_random_nobody_is_missed_and_nobody_gets_it_twice(string provider)
    {
        using var folder = new TempFolder();
        var chance = new Random(Number("PANEL_CRASH_SEED", 20261122));
        var gate = new Lock();
        var (kills, next, armed) = (0, Next(chance, 0), true);
        var dots = 0;
        CrashedPanel? panel = null;
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => Answer() });
        await using var running = panel = new CrashedPanel(folder, Settings(provider, sink.Port));
        await panel.StartAsync();
        var issue = await SendOffAsync(panel);
        while (await FollowAsync(panel, issue) is not "sent")
        {
            await panel.WaitUntilDeadAsync();
            lock (gate)
            {
                armed = true;
            }

            await panel.StartAsync();
        }

        Check(await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report?deliveries=true"), sink, kills);

        // Killed at the dot: sometimes the answer was on its way, sometimes the server had only just taken the message.
        string Answer()
        {
            lock (gate)
            {
                dots++;
                if (armed && kills < Kills && dots >= next && panel!.Kill())
                {
                    (kills, next, armed) = (kills + 1, Next(chance, dots), false);
                }
            }

            return "250 2.0.0 Ok";
        }
    }

    private static int Next(Random chance, int from) => from + 1 + chance.Next(2 * Mails / (Kills + 2));

    private static void Check(JsonNode report, ScriptedSink sink, int kills)
    {
        var rows = report["deliveries"]!.AsArray().ToDictionary(d => (string)d!["email"]!, d => (string)d!["state"]!);
        var taken = sink.Dotted.GroupBy(m => m.To).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(Mails, rows.Count);
        Assert.All(rows, r => Assert.True(r.Value is "sent" or "unknown", $"{r.Key} is {r.Value}"));
        Assert.All(taken, t => Assert.True(t.Value == 1, $"{t.Key} got it {t.Value} times"));
        Assert.All(rows.Where(r => r.Value == "sent"), r => Assert.True(taken.ContainsKey(r.Key), $"{r.Key} is called sent and got nothing"));
        Assert.All(rows.Where(r => !taken.ContainsKey(r.Key)), r => Assert.Equal("unknown", r.Value));
        Assert.InRange(rows.Count(r => r.Value == "unknown"), 0, kills * Connections);
        Assert.Equal(Mails, (int)report["recipients"]!);
        Assert.True(kills >= Math.Min(Kills, 8), $"only {kills} kills hit the sending");
    }

    /// <summary>The state when the issue is done, or null once the program is dead.</summary>
    private static async Task<string?> FollowAsync(CrashedPanel panel, long issue)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var deadline = DateTime.UtcNow.AddMinutes(5);
        while (true)
        {
            Assert.True(DateTime.UtcNow < deadline, "The issue was not sent within five minutes.");
            try
            {
                var state = (string?)(await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report"))["state"];
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

    private static async Task<long> SendOffAsync(CrashedPanel panel)
    {
        await panel.CallAsync(HttpMethod.Post, "/members", new { handle = "ann", email = "ann@example.org" });
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <letters@annart.example>", postalAddress = "1 Main Street" });
        var csv = new StringBuilder("email\n");
        for (var n = 0; n < Mails; n++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"p{n}@a.example\n");
        }

        using var file = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/subscribers/import?consent=signed%20the%20paper%20list%20in%20May", file);
        var added = await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/issues", new { subject = "Hello", markdown = "Dear {name|friend}, news." });
        await panel.CallAsync(HttpMethod.Post, $"/issues/{added["id"]}/dispatch", new { });
        return (long)added["id"]!;
    }

    private static Dictionary<string, string> Settings(string provider, int port)
    {
        var settings = new Dictionary<string, string>
        {
            ["Mail__Transport"] = "smtp",
            ["Mail__Smtp__Host"] = "127.0.0.1",
            ["Mail__Smtp__Port"] = port.ToString(CultureInfo.InvariantCulture),
            ["Mail__Smtp__Connections"] = Connections.ToString(CultureInfo.InvariantCulture),
            ["Newsletters__Hold"] = "00:00:00",
            ["Newsletters__NodeSilence"] = "00:00:03",
            ["Database__Provider"] = provider,
        };
        if (provider == DatabaseOptions.Postgres)
        {
            settings["Database__Connection"] = PostgresServer.NewDatabase();
        }

        return settings;
    }

    private static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
