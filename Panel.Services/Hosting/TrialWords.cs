using System.Globalization;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>What a trial restore found beside what was backed up, in words. Pure.</summary>
internal static class TrialWords
{
    private const int MostTables = 5;

    public static IReadOnlyList<string> Of(IReadOnlyList<CountedDatabase> then, BackupMade read) =>
    [
        .. read.Trial is { } trial ? [$"{Many(trial.Files, "file")}, each as in the archive", .. trial.Sites.Select(AgentReports.Plain).OfType<string>()] : Array.Empty<string>(),
        .. (read.Counted ?? []).Select(d => $"database {d.Name}: {Size(d)}{(then.Any(t => t.Name == d.Name && t.Rows is null) ? "; it was being written to when it was backed up, so its rows are not compared" : "")}"),
    ];

    public static IReadOnlyList<string> Wrong(IReadOnlyList<CountedDatabase> then, BackupMade read) =>
        [.. (read.Trial?.Wrong ?? []).Select(AgentReports.Plain).OfType<string>(), .. read.Trial is null ? [] : then.Where(t => t.Rows is not null).Select(t => Differs(t, read)).OfType<string>()];

    private static string? Differs(CountedDatabase then, BackupMade read)
    {
        var now = read.Counted?.FirstOrDefault(d => d.Name == then.Name)?.Rows;
        var other = then.Rows!.Where(r => now?.GetValueOrDefault(r.Key, -1) != r.Value).Select(r => $"{r.Key} {now?.GetValueOrDefault(r.Key) ?? 0:#,0} instead of {r.Value:#,0}").ToList();
        // A database that could not be made has its own reason.
        return now is null || other.Count == 0 ? null
            : AgentReports.Plain($"The database {then.Name} came back with other rows: {string.Join(", ", other.Take(MostTables))}{(other.Count > MostTables ? " and more" : "")}.");
    }

    private static string Size(CountedDatabase database) => database.Rows is { } rows ? $"{Many(rows.Count, "table")}, {Many(rows.Values.Sum(), "row")}" : "rows not counted";

    private static string Many(long count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {noun}{(count == 1 ? "" : "s")}");
}
