using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

/// <summary>Everything the command prints. What comes from people, files and other servers shows its control and direction characters
/// (<c>\x1b</c>, <c>\u202e</c>) instead of giving them to the terminal: no subject, file name or bounce steers a screen or adds a line.</summary>
internal static class Screen
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line, or as many as the words of the verb itself have; what stands in braces stays on its line.</summary>
    public static void Line(Row row) => CliPlace.Now.Out.WriteLine(row.ToString());

    public static void Line(string words) => Line($"{words}");

    public static void Line(JsonNode? value) => Line($"{value}");

    /// <summary>The same on standard error.</summary>
    public static void Error(Row row) => CliPlace.Now.Error.WriteLine(row.ToString());

    public static void Error(string words) => Error($"{words}");

    /// <summary>Text of several lines, such as what a task said.</summary>
    public static void Block(string text)
    {
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            CliPlace.Now.Out.WriteLine(Plain(line.TrimEnd('\r'), tabs: true));
        }
    }

    /// <summary>One JSON document of the same value, with <c>\u</c> where a terminal would obey.</summary>
    public static void Document(JsonNode node)
    {
        var json = new StringBuilder();
        foreach (var c in node.ToJsonString(Pretty))
        {
            _ = Obeyed(c) && c != '\n' ? json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : json.Append(c);
        }

        CliPlace.Now.Out.WriteLine(json);
    }

    /// <summary>A file, byte for byte where it is kept, readable where somebody looks at it.</summary>
    public static void File(string text)
    {
        if (CliPlace.Now.IsTerminal)
        {
            Block(text);
        }
        else
        {
            CliPlace.Now.Out.Write(text);
            CliPlace.Now.Out.Flush();
        }
    }

    internal static string Plain(string text, bool tabs = false)
    {
        if (!text.Any(Obeyed))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => plain.Append("\\n"),
                '\r' => plain.Append("\\r"),
                '\t' => plain.Append(tabs ? "\t" : "\\t"),
                < '\x100' when Obeyed(c) => plain.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ when Obeyed(c) => plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => plain.Append(c),
            };
        }

        return plain.ToString();
    }

    // Controls (C0, DEL, C1), what turns the direction of writing (UAX 9) and what ends a line (UAX 14).
    private static bool Obeyed(char c) =>
        char.IsControl(c) || c is '\u061c' or '\u200e' or '\u200f' or '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\ufeff';

    /// <summary>The words of a verb as they are, with values that are made plain; without blanks at the end.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Row(int literal, int formatted)
    {
        private readonly StringBuilder text = new(literal + (formatted * 16));

        public void AppendLiteral(string words) => text.Append(words);

        public void AppendFormatted<T>(T value) => AppendFormatted(value, 0, null);

        public void AppendFormatted<T>(T value, int alignment) => AppendFormatted(value, alignment, null);

        public void AppendFormatted<T>(T value, string format) => AppendFormatted(value, 0, format);

        public void AppendFormatted<T>(T value, int alignment, string? format)
        {
            var plain = Plain((value is IFormattable number ? number.ToString(format, CultureInfo.InvariantCulture) : value?.ToString()) ?? "");
            text.Append(alignment < 0 ? plain.PadRight(-alignment) : plain.PadLeft(alignment));
        }

        public override string ToString() => text.ToString().TrimEnd();
    }
}
