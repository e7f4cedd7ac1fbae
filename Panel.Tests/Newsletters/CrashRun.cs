using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Panel.Services.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>What the crash harnesses share: a house with an issue to send, and the count at the end. PANEL_FAULTS_TABLE names a file
/// that each run adds its line to.</summary>
internal static class CrashRun
{
    public static int Minutes => Number("PANEL_FAULTS_MINUTES", 5);

    public static int Number(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    /// <summary>Adds a member, a list with so many people and an issue, and sends it off.</summary>
    public static async Task<long> SendOffAsync(CrashedPanel panel, int mails)
    {
        await panel.CallAsync(HttpMethod.Post, "/packages", new { name = "wide", diskBytes = 1L << 30, sites = 1, databases = 1, domains = 1, lists = 1, mails = 1_000_000 });
        await panel.CallAsync(HttpMethod.Post, "/members", new { handle = "ann", email = "ann@example.org", package = "wide" });
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <letters@annart.example>", postalAddress = "1 Main Street" });
        var csv = new StringBuilder("email\n");
        for (var n = 0; n < mails; n++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"p{n}@a.example\n");
        }

        using var file = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/subscribers/import?consent=signed%20the%20paper%20list%20in%20May", file);
        return await SendAsync(panel);
    }

    /// <summary>Writes an issue to that list and sends it off.</summary>
    public static async Task<long> SendAsync(CrashedPanel panel)
    {
        var added = await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/issues", new { subject = "Hello", markdown = "Dear {name|friend}, news." });
        await panel.CallAsync(HttpMethod.Post, $"/issues/{added["id"]}/dispatch", new { });
        return (long)added["id"]!;
    }

    /// <param name="postgres">A connection string, or null for SQLite.</param>
    public static Dictionary<string, string> Settings(string? postgres, int port, int connections)
    {
        var settings = new Dictionary<string, string>
        {
            ["Mail__Transport"] = "smtp",
            ["Mail__Smtp__Host"] = "127.0.0.1",
            ["Mail__Smtp__Port"] = port.ToString(CultureInfo.InvariantCulture),
            ["Mail__Smtp__Connections"] = connections.ToString(CultureInfo.InvariantCulture),
            ["Newsletters__Hold"] = "00:00:00",
            ["Newsletters__NodeSilence"] = "00:00:03",
            ["Database__Provider"] = postgres is null ? DatabaseOptions.Sqlite : DatabaseOptions.Postgres,
        };
        if (postgres is not null)
        {
            settings["Database__Connection"] = postgres;
        }

        return settings;
    }

    /// <summary>Nobody lost, nobody twice, what is unknown bounded and named, and the report adds up to the frozen list.</summary>
    public static void Check(JsonNode report, ScriptedSink sink, int mails, int kills, int connections, string name)
    {
        var rows = report["deliveries"]!.AsArray().ToDictionary(d => (string)d!["email"]!, d => (string)d!["state"]!);
        var taken = sink.Dotted.GroupBy(m => m.To).ToDictionary(g => g.Key, g => g.Count());
        var unknown = rows.Count(r => r.Value == "unknown");
        var lost = rows.Count(r => r.Value == "sent" && !taken.ContainsKey(r.Key));
        var twice = taken.Count(t => t.Value > 1);
        Note(string.Create(CultureInfo.InvariantCulture, $"| {name} | {mails} | {kills} | {lost} | {twice} | {unknown} | {kills * connections} | {(rows.Count == mails ? "yes" : "**no**")} |"));
        Assert.Equal(mails, rows.Count);
        Assert.All(rows, r => Assert.True(r.Value is "sent" or "unknown", $"{r.Key} is {r.Value}"));
        Assert.True(twice == 0, $"{twice} got it more than once");
        Assert.True(lost == 0, $"{lost} are called sent and got nothing");
        Assert.All(rows.Where(r => !taken.ContainsKey(r.Key)), r => Assert.Equal("unknown", r.Value));
        Assert.InRange(unknown, 0, kills * connections);
        Assert.Equal(mails, (int)report["recipients"]!);
    }

    /// <summary>The counts of a report make up all of its recipients, at any moment; and once somebody got it, everybody is among them.</summary>
    public static void AddsUp(JsonNode report, int mails)
    {
        var sum = new[] { "sent", "failed", "unknown", "skipped", "deferred", "queued" }.Sum(state => (int)report[state]!);
        Assert.Equal((int)report["recipients"]!, sum);
        Assert.True((int)report["sent"]! == 0 || sum == mails, $"{sum} of {mails} are in the report");
    }

    /// <summary>Adds a line to the table of infra/bench, where there is one.</summary>
    public static void Note(string line)
    {
        if (Environment.GetEnvironmentVariable("PANEL_FAULTS_TABLE") is { Length: > 0 } table)
        {
            File.AppendAllText(table, line + "\n");
        }
    }

    // A node that is dead, or a pause that has already ended, is part of the storm.
    public static async Task TryAsync(CrashedPanel node, HttpMethod method, long issue)
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

    public static Task UntilSentAsync(CrashedPanel[] nodes, long issue)
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

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        var deadline = DateTime.UtcNow.AddMinutes(Minutes);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to pass in time.");
            await looks.WaitForNextTickAsync();
        }
    }
}
