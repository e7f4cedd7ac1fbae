using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Panel.Bench;

/// <summary>Prints the rows, and keeps them in RESULTS.md, each with its date: a row that was measured again replaces itself, the others and
/// what is written below the table stay.</summary>
internal static class Table
{
    private const string Head = """
        # Speed: what was measured

        Each row runs against its limit or peer in the same run, in turns, after a warm-up; figures are medians, and only the ratios are comparable between machines.
        `infra/bench speed` measures all of them, `infra/bench speed ROW` some.

        | row | ours | limit or peer | ratio | target | met | note | measured (UTC) |
        |---|---|---|---|---|---|---|---|

        """;

    public static void Write(IReadOnlyList<Row> rows)
    {
        var path = Path.Combine(Path.GetDirectoryName(Here())!, "RESULTS.md");
        var old = File.Exists(path) ? File.ReadAllText(path) : "";
        var below = old.IndexOf("\n## ", StringComparison.Ordinal);
        var lines = old.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToDictionary(NameOf);
        foreach (var row in rows)
        {
            lines[row.Name] = Line(row);
            Console.WriteLine(lines[row.Name]);
        }

        File.WriteAllText(path, new StringBuilder(Head).AppendJoin('\n', lines.Values).Append('\n').Append(below < 0 ? "" : old[below..]).ToString());
    }

    private static string Line(Row row)
    {
        var ratio = row.Ratio?.ToString("0.00", CultureInfo.InvariantCulture) ?? "";
        var machine = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:yyyy-MM-dd HH:mm}, {Environment.ProcessorCount} cores, {Machine()}, .NET {Environment.Version}");
        return $"| {row.Name} | {row.Ours} | {row.Limit} | {ratio} | {row.Target} | {(row.Met ? "yes" : "**no**")} | {row.Note} | {machine} |";
    }

    private static string NameOf(string line) => line.Split('|')[1].Trim();

    private static string Machine() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";

    private static string Here([CallerFilePath] string path = "") => path;
}
