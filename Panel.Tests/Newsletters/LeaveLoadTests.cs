using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Panel.Services.Data;
using Panel.Tests.Data;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>U12, U8: one-click POSTs by the hundred while an issue goes out and while the database is away, on the real program.
/// PANEL_FAULTS_LEAVES, PANEL_FAULTS_LEAVES_SECOND and PANEL_FAULTS_LEAVES_AWAY (seconds) make it the long run of infra/bench.</summary>
public sealed partial class LeaveLoadTests : IDisposable
{
    private const int Connections = 4;

    /// <summary>What the sender promises between its last look at the person and the final dot.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1.5);

    private static readonly int Leaves = CrashRun.Number("PANEL_FAULTS_LEAVES", 1_500);
    private static readonly int Second = CrashRun.Number("PANEL_FAULTS_LEAVES_SECOND", 500);

    /// <summary>Longer than anybody's pause between two looks into the database, so that each of them meets it away.</summary>
    private static readonly int Away = CrashRun.Number("PANEL_FAULTS_LEAVES_AWAY", 17);
    private readonly ConcurrentDictionary<string, Uri> links = [];
    private readonly ConcurrentDictionary<string, DateTime> left = [];
    private readonly ConcurrentDictionary<string, DateTime> mailed = [];
    private readonly ConcurrentQueue<HttpStatusCode> answers = [];
    private readonly SemaphoreSlim turns = new(0);
    private bool first = true;

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task U12_U8_every_one_click_is_answered_200_and_honoured_while_mail_goes_out_and_the_database_is_away(string provider)
    {
        var people = Leaves * 2;
        var (server, database) = provider == DatabaseOptions.Postgres ? PostgresServer.StartOwn() : default;
        using var own = server;
        using var folder = new TempFolder();
        await using var sink = ScriptedSink.Start(new SinkScript { KeepsMessages = false, Dot = Take });
        await using var panel = new CrashedPanel(folder, CrashRun.Settings(database, sink.Port, Connections));
        await panel.StartAsync();
        await CrashRun.UntilSentAsync([panel], await CrashRun.SendOffAsync(panel, people));
        Assert.Equal(people, links.Count);

        // From here on each mail waits for its turn, so that the second issue lasts as long as people leave.
        first = false;
        var second = await CrashRun.SendAsync(panel);
        turns.Release(people / 100);
        await CrashRun.UntilAsync(() => Task.FromResult(!mailed.IsEmpty));
        var away = AwayAsync(own, folder);
        await LeaveAsync(links.OrderBy(l => int.Parse(l.Key[1..l.Key.IndexOf('@', StringComparison.Ordinal)], CultureInfo.InvariantCulture)).Skip(people - Leaves).ToList());
        await away;
        turns.Release(people * 2);
        await CrashRun.UntilSentAsync([panel], second);

        var late = left.Count(l => mailed.TryGetValue(l.Key, out var at) && at - l.Value > Stale);
        CrashRun.Note(string.Create(CultureInfo.InvariantCulture,
            $"| {provider}: {answers.Count} one-click POSTs at {Second}/s, database away {Away} s | {answers.Count(a => a == HttpStatusCode.OK)} answered 200 | {mailed.Count} mails went out meanwhile | {late} mailed after leaving |"));
        Assert.Equal(Leaves, answers.Count);
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a));
        Assert.Equal(0, late);
        Assert.Empty(Directory.GetFileSystemEntries(folder.In("optouts")));

        mailed.Clear();
        await CrashRun.UntilSentAsync([panel], await CrashRun.SendAsync(panel));
        Assert.Equal(people - Leaves, mailed.Count);
        Assert.DoesNotContain(left.Keys, mailed.ContainsKey);
    }

    public void Dispose() => turns.Dispose();

    private string Take(SinkMessage message)
    {
        if (first)
        {
            links[message.To] = new Uri(OneClick().Match(message.Text).Groups[1].Value);
            return "250 2.0.0 Ok";
        }

        mailed[message.To] = DateTime.UtcNow;
        turns.Wait();
        return "250 2.0.0 Ok";
    }

    private async Task LeaveAsync(List<KeyValuePair<string, Uri>> people)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 128 }) { Timeout = TimeSpan.FromSeconds(30) };
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var (began, asked, posts) = (DateTime.UtcNow, 0, new List<Task>());
        while (asked < people.Count)
        {
            await beat.WaitForNextTickAsync();
            for (var due = (int)((DateTime.UtcNow - began).TotalSeconds * Second); asked < Math.Min(due, people.Count); asked++)
            {
                posts.Add(LeaveAsync(http, people[asked].Key, people[asked].Value));
            }
        }

        await Task.WhenAll(posts);
    }

    private async Task LeaveAsync(HttpClient http, string email, Uri link)
    {
        using var body = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        using var answer = await http.PostAsync(link, body);
        left[email] = DateTime.UtcNow;
        answers.Enqueue(answer.StatusCode);
        turns.Release();
    }

    /// <summary>The database does not answer anybody for a while.</summary>
    private static async Task AwayAsync(PostgresServer? own, TempFolder folder)
    {
        await using DbConnection? hold = own is null ? new SqliteConnection($"Data Source={folder.In("panel.db")};Pooling=False") : null;
        if (hold is null)
        {
            await Task.Run(own!.End);
        }
        else
        {
            await hold.OpenAsync();
            await using var command = hold.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout = 30000; BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync();
        }

        using var over = new PeriodicTimer(TimeSpan.FromSeconds(Away));
        await over.WaitForNextTickAsync();
        if (own is not null)
        {
            await Task.Run(own.Begin);
        }
    }

    [GeneratedRegex("^List-Unsubscribe: <(http[^>]+)>", RegexOptions.Multiline)]
    private static partial Regex OneClick();
}
