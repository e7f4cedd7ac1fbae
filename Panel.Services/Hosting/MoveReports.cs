using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>What both sides of a move told, beside each other. Pure.</summary>
internal static class MoveReports
{
    /// <summary>Null until both have told, and while the account lives on meanwhile.</summary>
    internal static MoveComparison? Of(Move move)
    {
        if (AgentWire.ReadMove(move.Sent) is not { } from || AgentWire.ReadMove(move.Received) is not { } to || move.State is MoveState.Copying)
        {
            return null;
        }

        var differences = new List<string>();
        void Check<T>(string what, T one, T other)
        {
            if (!Equals(one, other))
            {
                differences.Add($"{what}: {one} there, {other} here");
            }
        }

        Check("entries", from.Files, to.Files);
        Check("bytes", from.Bytes, to.Bytes);
        Check("SHA-256 of all files", from.Sha256, to.Sha256);
        Check("databases", from.Databases.Count, to.Databases.Count);
        foreach (var (one, other) in from.Databases.Zip(to.Databases))
        {
            Check($"dump of {one.Name}", $"{one.Name} {one.Bytes} {one.Sha256}", $"{other.Name} {other.Bytes} {other.Sha256}");
            Check($"tables of {one.Name}", one.Rows.Count, other.Rows.Count);
            foreach (var (table, rows) in one.Rows.Take(10_000))
            {
                Check($"rows of {one.Name}.{table}", rows, other.Rows.GetValueOrDefault(table, -1));
            }
        }

        return new MoveComparison(differences.Count == 0, [.. differences.Take(100)], SideOf(from), SideOf(to), [.. (from.Left ?? []).Take(20).Select(LeftOf)]);
    }

    /// <summary>What the new host said of the certificates that came, bounded: it may say anything.</summary>
    internal static IEnumerable<string> Certificates(Move move) => (AgentWire.ReadMove(move.Received)?.Certificates ?? []).Take(50).Select(AgentReports.Plain).OfType<string>();

    private static string LeftOf(string left) => left.StartsWith("s ", StringComparison.Ordinal)
        ? $"{PlainName.Of(left[2..])} is a socket: the program that made it makes it anew"
        : $"{PlainName.Of(left[Math.Min(left.Length, 2)..])} and what is in it: the path is longer than any program can open";

    private static MoveSide SideOf(MoveReport report) => new(report.Files, report.Bytes, report.Sha256, report.Databases);
}
