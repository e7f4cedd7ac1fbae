using System.Diagnostics;
using Panel.Tests.Data;

namespace Panel.Bench.Mail;

/// <summary>The rows "issue into a sink on PostgreSQL" and "two nodes": whole programs on one database, against smtp-source into the same
/// sink, in turns. The second node's turn comes with the first one still running, as in a house with two.</summary>
internal static class NodesRow
{
    private const int Mails = 20_000, Connections = 8, Runs = 3;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        await using var sink = await Sink.StartAsync();
        await using var first = await MailHouse.StartAsync(sink.Port, Connections, PostgresServer.NewDatabase());
        await first.AddListAsync("letters", Mails);
        await TimeAsync(first);
        var (source, one) = await InTurnsAsync(first, sink.Port);
        await using var second = await first.AddNodeAsync(sink.Port, Connections);
        await TimeAsync(first);
        var (sourceAgain, two) = await InTurnsAsync(first, sink.Port);
        var (ratio, both) = (Middle(one.Zip(source, (o, s) => o / s)), Middle(two.Zip(sourceAgain, (o, s) => o / s)));
        return
        [
            new Row("issue into a sink on PostgreSQL", $"{Middle(one):N0}/s", $"{Middle(source):N0}/s smtp-source", ratio, ">= 0.6", ratio >= 0.6, "the program as it runs; database, sink and sender share the cores"),
            new Row("issue into a sink on PostgreSQL, two nodes", $"{Middle(two):N0}/s", $"{Middle(one):N0}/s one node", Middle(two) / Middle(one), ">= 1", Middle(two) >= Middle(one), $"{both:N2} of smtp-source"),
        ];
    }

    private static async Task<(List<double> Source, List<double> Panel)> InTurnsAsync(MailHouse house, int port)
    {
        List<double> source = [], panel = [];
        for (var run = 0; run < Runs; run++)
        {
            source.Add(Mails / (await IssueRow.SourceAsync(port, Connections, Mails, 9 * 1024)).TotalSeconds);
            panel.Add(await TimeAsync(house));
        }

        return (source, panel);
    }

    private static async Task<double> TimeAsync(MailHouse house)
    {
        var clock = Stopwatch.StartNew();
        await house.UntilSentAsync(await house.SendAsync("letters"));
        return Mails / clock.Elapsed.TotalSeconds;
    }

    private static double Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }
}
