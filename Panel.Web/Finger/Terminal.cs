using Microsoft.AspNetCore.Html;
using Panel.Services.Finger;

namespace Panel.Web.Finger;

/// <summary>Bytes as a finger client prints them, and every character among the typed ones that may not be sent.</summary>
public sealed record Terminal(string Text, IReadOnlyList<FaultLine> Faults, IReadOnlyList<int> Wide)
{
    /// <summary>What a terminal has had since 1978.</summary>
    public const int Columns = 80;

    private const int MostFaults = 20;

    /// <summary>The text for a <c>pre</c>, byte for byte but for the three characters that HTML needs for itself.</summary>
    public static IHtmlContent Html(string text) => new HtmlString(text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal));

    internal static Terminal Of(ReadOnlyMemory<byte> bytes, string? plan) =>
        new(System.Text.Encoding.UTF8.GetString(bytes.Span), [.. FaultLines(plan ?? string.Empty).Take(MostFaults)], [.. WideLines(plan ?? string.Empty).Take(MostFaults)]);

    /// <summary>Lines of the plan that a terminal folds; a column is what a reader takes for one letter.</summary>
    private static IEnumerable<int> WideLines(string plan) =>
        plan.ReplaceLineEndings("\n").Split('\n').Select((line, i) => (Number: i + 1, Length: new System.Globalization.StringInfo(line).LengthInTextElements)).Where(l => l.Length > Columns).Select(l => l.Number);

    private static IEnumerable<FaultLine> FaultLines(string plan)
    {
        var lines = plan.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        return FingerText.Faults(plan, lines: true).Select(fault =>
        {
            // Columns count whole characters, so both halves of a pair are stepped over together.
            var line = lines[fault.Line - 1];
            var at = 0;
            for (var column = 1; column < fault.Column; column++)
            {
                at += char.IsSurrogatePair(line, at) ? 2 : 1;
            }

            return new FaultLine(fault.Line, fault.Column, line[Math.Max(0, at - 30)..at], fault.Shown, line[(at + 1)..Math.Min(line.Length, at + 31)]);
        });
    }
}

/// <summary>A character that may not be sent, between what stands before and after it in its line.</summary>
public sealed record FaultLine(int Line, int Column, string Before, string Shown, string After);
