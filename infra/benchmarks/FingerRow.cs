using System.Diagnostics;
using System.Net;
using Panel.Bench.Finger;

namespace Panel.Bench;

/// <summary>Finger answers per second, measured in turn against the limit and the peer of the same run.</summary>
/// <param name="Panel">Answers a second from 10,000 real accounts, median of the rounds; logging and counting included.</param>
/// <param name="Bare">The same from a Kestrel handler that reads a line and sends fixed bytes.</param>
/// <param name="Ratio">Median of Panel / Bare, round by round.</param>
/// <param name="Spread">Lowest and highest of these ratios.</param>
/// <param name="Peers">Debian's in.fingerd and efingerd under xinetd.</param>
/// <param name="WorstMilliseconds">99 of 100 of Panel's answers came faster, median of the rounds.</param>
/// <param name="PanelCpu">Microseconds of processor time per answer, the asking side (the same for both) included; steadier than rates on a busy machine.</param>
/// <param name="BareCpu">The same of the bare handler.</param>
public sealed record FingerFigures(
    double Panel, double Bare, double Ratio, (double Low, double High) Spread, IReadOnlyList<PeerFigure> Peers, double WorstMilliseconds,
    double PanelCpu, double BareCpu);

/// <param name="PerSecond">Median of the rounds, or null with the reason in <paramref name="LeftOut"/>.</param>
public sealed record PeerFigure(string Name, double? PerSecond, string? LeftOut);

public static class FingerRow
{
    private const int InFlight = 128;

    /// <summary>They answer some hundred a second.</summary>
    private const int PeerQueries = 600;

    /// <summary>Takes about a minute on two idle cores. Everything listens on free ports of loopback.</summary>
    /// <param name="rounds">One more runs first and is thrown away.</param>
    public static async Task<FingerFigures> MeasureAsync(int accounts = 10_000, int rounds = 5, int queries = 20_000, CancellationToken ct = default)
    {
        await using var panel = await PanelFinger.StartAsync(accounts, ct);
        await using var bare = await BareFinger.StartAsync(ct);
        using var fingerd = DebianFinger.Start("in.fingerd", out var noFingerd);
        using var efingerd = DebianFinger.Start("efingerd", out var noEfingerd);
        List<(string Name, DebianFinger? Running, string? LeftOut, List<double> Figures)> peers = [("in.fingerd", fingerd, noFingerd, []), ("efingerd", efingerd, noEfingerd, [])];
        var figures = new List<(Figure Panel, Figure Bare)>();
        for (var round = 0; round <= rounds; round++)
        {
            // Turn about, so that neither always meets the machine as the other left it.
            var (first, second) = round % 2 == 0 ? (panel.EndPoint, bare.EndPoint) : (bare.EndPoint, panel.EndPoint);
            var one = await AskAsync(first, queries, i => PanelFinger.HandleOf(i % accounts), ct);
            var two = await AskAsync(second, queries, i => PanelFinger.HandleOf(i % accounts), ct);
            figures.Add(round % 2 == 0 ? (one, two) : (two, one));
            foreach (var peer in peers.Where(p => p.Running is not null))
            {
                peer.Figures.Add((await AskAsync(peer.Running!.EndPoint, Math.Min(PeerQueries, queries), _ => DebianFinger.Asked, ct)).PerSecond);
            }
        }

        figures.RemoveAt(0);
        var ratios = figures.ConvertAll(f => f.Panel.PerSecond / f.Bare.PerSecond);
        return new FingerFigures(
            Median(figures.Select(f => f.Panel.PerSecond)), Median(figures.Select(f => f.Bare.PerSecond)), Median(ratios), (ratios.Min(), ratios.Max()),
            peers.ConvertAll(p => new PeerFigure(p.Name, p.Running is null ? null : Median(p.Figures.Skip(1)), p.LeftOut)), Median(figures.Select(f => f.Panel.WorstMilliseconds)),
            Median(figures.Select(f => f.Panel.Cpu)), Median(figures.Select(f => f.Bare.Cpu)));
    }

    private static async Task<Figure> AskAsync(IPEndPoint server, int queries, Func<int, string> handle, CancellationToken ct)
    {
        var (asked, worst) = (0, new double[queries]);
        var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(async lane =>
        {
            for (int i; (i = Interlocked.Increment(ref asked) - 1) < queries;)
            {
                var started = Stopwatch.GetTimestamp();
                await FingerAsker.AskAsync(server, lane, handle(i), ct);
                worst[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        }));
        var (took, used) = (watch.Elapsed, Environment.CpuUsage.TotalTime - cpu);
        Array.Sort(worst);
        return new Figure(queries / took.TotalSeconds, worst[queries * 99 / 100], used.TotalMicroseconds / queries);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[sorted.Count / 2] + sorted[(sorted.Count - 1) / 2]) / 2;
    }

    private sealed record Figure(double PerSecond, double WorstMilliseconds, double Cpu);
}
