using System.Diagnostics;
using System.Globalization;

namespace Panel.Bench.Faults;

/// <summary>The long fault runs. A finding is printed with the input that caused it, and the exit is 1.</summary>
internal static class Faults
{
    private const double Usually = 60;

    /// <summary>Fuzzes finger and prints a table: the inputs of each parser, what was found, the seed by which it is found again.</summary>
    /// <param name="given">Minutes, and the seed; an hour and a new one without them.</param>
    public static int RunFinger(string[] given)
    {
        var minutes = Usually;
        var seed = Environment.TickCount;
        if (given.Length > 2 || (given.Length > 0 && (!double.TryParse(given[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out minutes) || minutes is <= 0 or > 10_000))
            || (given.Length > 1 && !int.TryParse(given[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed)))
        {
            Console.Error.WriteLine("infra/bench faults finger [MINUTES [SEED]]   without minutes an hour; the same seed gives the same inputs");
            return 2;
        }

        // One after the other on each core: a worker has the seed and its number, so each of them can be run again alone.
        var workers = Environment.ProcessorCount;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finger: byte mutations on {workers} cores for {minutes:0.##} minutes, seeds {seed} to {seed + workers - 1}"));
        var clock = Stopwatch.StartNew();
        var runs = new IReadOnlyList<MutationRow>[workers];
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, i => runs[i] = FingerMutations.Run(TimeSpan.FromMinutes(minutes), seed + i));
        var rows = runs.SelectMany(r => r).GroupBy(r => r.Parser).ToList();
        Console.WriteLine("| parser | inputs | findings |\n|---|---|---|");
        foreach (var row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {row.Key} | {row.Sum(r => r.Cases):N0} | {row.Count(r => r.Finding is not null)} |"));
        }

        var findings = runs.SelectMany(r => r).Where(r => r.Finding is not null).ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| all | {runs.SelectMany(r => r).Sum(r => r.Cases):N0} | {findings.Count} |\n\n{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {clock.Elapsed.TotalMinutes:0.0} minutes, .NET {Environment.Version}."));
        findings.ForEach(f => Console.WriteLine($"\n{f.Parser}: {f.Finding}"));
        return findings.Count == 0 ? 0 : 1;
    }
}
