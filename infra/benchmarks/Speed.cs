using System.Globalization;
using Panel.Bench.Finger;
using Panel.Bench.Hosting;
using Panel.Bench.Mail;

namespace Panel.Bench;

/// <summary>One line of the table: what was measured, against which limit or peer of the same run, and whether the target is met.</summary>
/// <param name="Ratio">Ours to the limit's; null where a time is the target.</param>
internal sealed record Row(string Name, string Ours, string Limit, double? Ratio, string Target, bool Met, string Note);

/// <summary>The rows of the speed page. A row that cannot be measured says why in its place; it never vanishes.</summary>
internal static class Speed
{
    private static readonly (string Name, Func<Task<IEnumerable<Row>>> Measure)[] Rows =
    [
        ("smtp", SmtpAsync),
        ("issue", IssueAsync),
        ("dkim", DkimAsync),
        ("peers", PeerRows.MeasureAsync),
        ("import", ImportRow.MeasureAsync),
        ("freeze", FreezeRow.MeasureAsync),
        ("memory", MemoryRow.MeasureAsync),
        ("oneclick", LeaveRow.MeasureAsync),
        ("far", FarRow.MeasureAsync),
        ("nodes", NodesRow.MeasureAsync),
        ("finger", FingerAsync),
        ("silent", SilentAsync),
        ("refresh", RefreshAsync),
        ("site", SiteAsync),
        ("hosting", HostingRows.MeasureAsync),
    ];

    public static async Task<int> RunAsync(string[] wanted)
    {
        if (wanted.FirstOrDefault(w => !Rows.Any(r => r.Name == w)) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no row {unknown}; there are: {string.Join(", ", Rows.Select(r => r.Name))}.");
            return 2;
        }

        var found = new List<Row>();
        foreach (var (name, measure) in Rows.Where(r => wanted.Length == 0 || wanted.Contains(r.Name)))
        {
            try
            {
                found.AddRange(await measure());
            }
            catch (Exception broken) when (broken is IOException or InvalidOperationException or System.ComponentModel.Win32Exception or TimeoutException)
            {
                found.Add(new Row(name, "-", "-", null, "-", false, $"could not be measured: {broken.Message}"));
            }
        }

        Table.Write(found);
        return found.TrueForAll(r => r.Met) ? 0 : 1;
    }

    private static async Task<IEnumerable<Row>> SmtpAsync()
    {
        var figures = await SmtpRow.RunAsync();
        return [new Row(
            "own SMTP client into a sink, 8 connections", $"{Median(figures.OwnPerSecond):N0}/s", $"{Median(figures.SourcePerSecond):N0}/s smtp-source",
            figures.Ratio, ">= 0.75", figures.Ratio >= 0.75, $"{figures.BytesPerMessage:N0} bytes allocated a message")];
    }

    private static async Task<IEnumerable<Row>> IssueAsync()
    {
        var runs = await IssueRow.MeasureAsync();
        var (ours, source, ratio) = (Median(runs.Select(r => r.Panel)), Median(runs.Select(r => r.Source)), Median(runs.Select(r => r.Ratio)));
        return [new Row(
            "issue into a sink (ledger on SQLite, unsigned, 8 connections)", $"{ours:N0}/s", $"{source:N0}/s smtp-source", ratio, $">= {IssueRow.Target.ToString(CultureInfo.InvariantCulture)}",
            ratio >= IssueRow.Target, $"{Median(runs.Select(r => r.BytesPerMail)):N0} bytes a mail")];
    }

    private static async Task<IEnumerable<Row>> DkimAsync()
    {
        var runs = await IssueRow.MeasureAsync(dkim: "rsa");
        var (ours, limit, ratio) = (Median(runs.Select(r => r.Panel)), Median(runs.Select(r => r.Source)), Median(runs.Select(r => r.Ratio)));
        return [new Row(
            "issue into a sink with DKIM (RSA-2048, ledger on SQLite)", $"{ours:N0}/s", $"{limit:N0}/s signatures of all cores", ratio, ">= 0.55", ratio >= 0.55, "the sink shares the cores; measured in turns")];
    }

    private static async Task<IEnumerable<Row>> FingerAsync()
    {
        var f = await FingerRow.MeasureAsync();
        return
        [
            new Row("finger answers (10,000 accounts, 128 in flight)", $"{f.Panel:N0}/s", $"{f.Bare:N0}/s bare Kestrel handler", f.Ratio, ">= 0.85", f.Ratio >= 0.85,
                $"ratios {f.Spread.Low:0.00} to {f.Spread.High:0.00}; 99 % within {f.WorstMilliseconds:0.0} ms"),
            .. f.Peers.Select(p => p.PerSecond is { } peer
                ? new Row($"finger answers against Debian's {p.Name} (xinetd)", $"{f.Panel:N0}/s", $"{peer:N0}/s", f.Panel / peer, ">= 15", f.Panel / peer >= 15, "it answers about a user of the system by finger(1)")
                : new Row($"finger answers against Debian's {p.Name}", $"{f.Panel:N0}/s", "-", null, ">= 15", false, $"left out: {p.LeftOut}")),
        ];
    }

    private static async Task<IEnumerable<Row>> SilentAsync()
    {
        var f = await SilentRow.MeasureAsync();
        return [new Row(
            $"{f.Connections:N0} silent finger connections", $"p99 {f.WorstMilliseconds:N1} ms, {f.Bytes / 1024:N1} KiB each", "100 ms, 12 KiB", null, "p99 <= 100 ms, <= 12 KiB each",
            f.WorstMilliseconds <= 100 && f.Bytes <= 12 * 1024, "memory of the server's process; a new asker at a time")];
    }

    private static async Task<IEnumerable<Row>> RefreshAsync()
    {
        var f = await RefreshRow.MeasureAsync();
        return [new Row(
            "refresh of 1,000 followed addresses on 100 hosts of 50 ms", $"{f.Again * 1000:N0} ms", $"{f.Limit * 1000:N0} ms one at a time per host", f.Again / f.Limit, "<= 1.2", f.Again <= f.Limit * 1.2,
            $"{f.Cpu:N0} us of processor time per address, both sides; {f.First * 1000:N0} ms the first time, with 20,000 messages stored")];
    }

    private static async Task<IEnumerable<Row>> SiteAsync()
    {
        var f = await SiteRow.MeasureAsync();
        return [new Row(
            $"one change to live ({f.Accounts} accounts, {f.Changes} changes)", $"p95 {f.P95Milliseconds:N0} ms", "300 ms", null, "p95 <= 300 ms", f.P95Milliseconds <= 300,
            $"median {f.MedianMilliseconds:N0} ms, worst {f.WorstMilliseconds:N0} ms")];
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
