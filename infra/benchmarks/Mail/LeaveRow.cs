using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Bench.Mail;

/// <summary>The row "one-click under load": POSTs of RFC 8058 by 64 clients while an issue goes out, against the same address
/// looked at (GET: the same page, nothing written), in turns.</summary>
internal static class LeaveRow
{
    private const int Clients = 64, People = 100_000, Leaves = 6_000, Runs = 3;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        await using var sink = await Sink.StartAsync();
        await using var house = await MailHouse.StartAsync(sink.Port, connections: 8);
        await house.AddListAsync("letters", People);
        using var over = new CancellationTokenSource();
        var sending = KeepSendingAsync(house, over.Token);
        var links = Links(house);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Clients });
        List<double> ours = [], bare = [], ratios = [], worst = [];
        var answered = 0;
        for (var run = -1; run < Runs; run++)
        {
            var mine = links.Skip((run + 1) * Leaves).Take(Leaves).ToList();
            var look = await AskAsync(mine, link => http.GetAsync(link));
            var leave = await AskAsync(mine, async link =>
            {
                using var body = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
                return await http.PostAsync(link, body);
            });
            answered += leave.Good;
            if (run >= 0)
            {
                ours.Add(leave.PerSecond);
                bare.Add(look.PerSecond);
                ratios.Add(leave.PerSecond / look.PerSecond);
                worst.Add(leave.P99);
            }
        }

        await over.CancelAsync();
        var mails = await sending;
        // What went to the journal is applied before any further mail.
        for (var clock = Stopwatch.StartNew(); Left(house) < answered && clock.Elapsed < TimeSpan.FromSeconds(20);)
        {
            await Task.Delay(100);
        }

        var (asked, left) = ((Runs + 1) * Leaves, Left(house));
        var lost = Math.Max(0, answered - left);
        var (ratio, p99) = (Middle(ratios), Middle(worst));
        return [new Row($"one-click under load ({Clients} clients, an issue being sent)", $"{Middle(ours):N0}/s, p99 {p99:N0} ms", $"{Middle(bare):N0}/s the same address looked at", ratio, ">= 0.25, p99 <= 50 ms, 0 lost",
            ratio >= 0.25 && p99 <= 50 && lost == 0 && answered == asked, $"{answered:N0} of {asked:N0} answered 200, {lost} of them lost; {mails:N0} mails went out meanwhile; clients, sender and sink share the cores")];
    }

    // One issue after the other, until told.
    private static async Task<long> KeepSendingAsync(MailHouse house, CancellationToken over)
    {
        var issues = 0L;
        while (!over.IsCancellationRequested)
        {
            var issue = await house.SendAsync("letters");
            issues++;
            while (!over.IsCancellationRequested && await house.StateAsync(issue) is "held" or "sending")
            {
                await Task.Delay(200, CancellationToken.None);
            }
        }

        return Number(house, "SELECT COUNT(*) FROM deliveries WHERE state = 'Sent'");
    }

    private static async Task<(double PerSecond, double P99, int Good)> AskAsync(List<Uri> links, Func<Uri, Task<HttpResponseMessage>> ask)
    {
        var (open, times, good) = (new ConcurrentQueue<Uri>(links), new ConcurrentBag<double>(), 0);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (open.TryDequeue(out var link))
            {
                var began = Stopwatch.GetTimestamp();
                using var answer = await ask(link);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                _ = answer.IsSuccessStatusCode ? Interlocked.Increment(ref good) : 0;
            }
        })));
        return (links.Count / clock.Elapsed.TotalSeconds, times.Order().ElementAt(times.Count * 99 / 100), good);
    }

    private static List<Uri> Links(MailHouse house)
    {
        var tokens = new ReaderTokens(new HouseKeys(Options.Create(new PanelOptions { Data = Path.GetDirectoryName(house.Database)! })));
        using var sqlite = new SqliteConnection($"Data Source={house.Database};Pooling=False");
        sqlite.Open();
        using var command = sqlite.CreateCommand();
        command.CommandText = "SELECT list_id, id FROM subscribers ORDER BY id DESC LIMIT @count";
        command.Parameters.AddWithValue("@count", (Runs + 1) * Leaves);
        using var reader = command.ExecuteReader();
        var links = new List<Uri>();
        while (reader.Read())
        {
            links.Add(new Uri(house.Address, $"u/{tokens.Make(TokenPurpose.Leave, new Services.Newsletters.Reader(reader.GetInt64(0), reader.GetInt64(1), 1))}"));
        }

        return links;
    }

    private static int Left(MailHouse house) => (int)Number(house, "SELECT COUNT(*) FROM subscribers WHERE state = 'Left'");

    private static long Number(MailHouse house, string sql)
    {
        using var sqlite = new SqliteConnection($"Data Source={house.Database};Pooling=False");
        sqlite.Open();
        using var command = sqlite.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
