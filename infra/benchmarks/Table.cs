using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Panel.Bench;

/// <summary>Prints the rows, and after a whole run keeps them in RESULTS.md with the machine and the date.</summary>
internal static class Table
{
    public static void Write(IReadOnlyList<Row> rows, bool keep)
    {
        var text = new StringBuilder();
        text.AppendLine("# Speed: what was measured").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, {Machine()}, .NET {Environment.Version}.");
        text.AppendLine("Each row runs against its limit or peer in the same run, in turns, after a warm-up; figures are medians, and only the ratios are comparable between machines.");
        text.AppendLine().AppendLine("| row | ours | limit or peer | ratio | target | met | note |").AppendLine("|---|---|---|---|---|---|---|");
        foreach (var row in rows)
        {
            var ratio = row.Ratio?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Name} | {row.Ours} | {row.Limit} | {ratio} | {row.Target} | {(row.Met ? "yes" : "**no**")} | {row.Note} |");
        }

        Console.Write(text);
        if (keep)
        {
            File.WriteAllText(Path.Combine(Path.GetDirectoryName(Here())!, "RESULTS.md"), text.ToString());
        }
    }

    private static string Machine() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";

    private static string Here([CallerFilePath] string path = "") => path;
}
