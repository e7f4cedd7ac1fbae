using System.Text;

namespace Panel.Services.Finger;

/// <summary>What one line asks for (RFC 1288 §2.3): everybody when <see cref="Name"/> is empty, else that name.</summary>
/// <param name="Name">A handle or a person's name, inner spaces collapsed to one; empty for everybody.</param>
/// <param name="Wide">The line began with <c>/W</c>: tell more, if there is more (§2.5.4).</param>
/// <param name="Hosts">The <c>@host</c> parts from left to right; any that are left mean forwarding (§2.4).</param>
public readonly record struct FingerQuery(string Name, bool Wide, IReadOnlyList<string> Hosts)
{
    /// <summary>Reads a whole line with or without its end. Never throws: what makes no sense is a name that nobody has.</summary>
    /// <remarks><c>/W</c> counts only as the first token and in either case; elsewhere it is part of what was asked.</remarks>
    public static FingerQuery Parse(ReadOnlySpan<byte> received)
    {
        Span<byte> line = received.Length <= TelnetLine.Limit ? stackalloc byte[TelnetLine.Limit] : new byte[received.Length];
        TelnetLine.Read(received, line, out var length);
        var parts = Encoding.UTF8.GetString(line[..length]).Split('@');
        var words = Words(parts[0]);
        var wide = words is [var first, ..] && first.Equals("/W", StringComparison.OrdinalIgnoreCase);
        return new FingerQuery(string.Join(' ', wide ? words[1..] : words), wide, Hostnames(parts));
    }

    /// <summary>The same query with our own name taken from its end, so that <c>ann@here</c> is answered here.</summary>
    public FingerQuery At(string here)
    {
        var left = Hosts.Count;
        while (left > 0 && Hosts[left - 1].TrimEnd('.').Equals(here.TrimEnd('.'), StringComparison.OrdinalIgnoreCase))
        {
            left--;
        }

        return left == Hosts.Count ? this : this with { Hosts = [.. Hosts.Take(left)] };
    }

    private static string[] Words(string text) => text.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static string[] Hostnames(string[] parts) =>
        parts.Length == 1 ? [] : [.. parts.Skip(1).Select(p => string.Join(' ', Words(p)))];
}
