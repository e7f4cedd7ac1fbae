using System.Text;

namespace Panel.Services.Localization;

/// <summary>One entry of a .po file: an original, its plural if it has one, and the words for it in the file's language.</summary>
public sealed record PoEntry(string Context, string Id, string? Plural, IReadOnlyList<string> Words);

/// <summary>Reads gettext's .po files (GNU gettext manual, "The Format of PO Files"): msgctxt, msgid, msgid_plural, msgstr and
/// msgstr[n] with strings over several lines; comments are passed over. What it does not know ends the start with file and line.</summary>
public static class PoFile
{
    public static IReadOnlyList<PoEntry> Read(TextReader text, string file)
    {
        var entries = new List<PoEntry>();
        var open = new Dictionary<string, StringBuilder>(StringComparer.Ordinal);
        StringBuilder? last = null;
        void Close()
        {
            if (open.TryGetValue("msgid", out var id) && id.Length > 0)
            {
                var words = open.Where(o => o.Key.StartsWith("msgstr", StringComparison.Ordinal)).OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => o.Value.ToString());
                entries.Add(new PoEntry(open.GetValueOrDefault("msgctxt")?.ToString() ?? "", id.ToString(), open.GetValueOrDefault("msgid_plural")?.ToString(), [.. words]));
            }

            (last, open) = (null, new Dictionary<string, StringBuilder>(StringComparer.Ordinal));
        }

        var number = 0;
        while (text.ReadLine()?.Trim() is { } line)
        {
            number++;
            var quote = line.IndexOf('"', StringComparison.Ordinal);
            var key = quote < 0 ? "" : line[..quote].Trim();
            if (line.Length == 0)
            {
                Close();
            }
            else if (line[0] != '#')
            {
                if (quote < 0 || line.Length < quote + 2 || line[^1] != '"' || (key.Length == 0 && last is null))
                {
                    throw new FormatException($"{file}, line {number}: a .po line is a keyword and a string in quotes.");
                }

                if (key is "msgctxt" or "msgid" && open.Keys.Any(k => k.StartsWith("msgstr", StringComparison.Ordinal)))
                {
                    Close();
                }

                last = key.Length == 0 ? last : open[key] = new StringBuilder();
                Unescape(line.AsSpan(quote + 1, line.Length - quote - 2), last!);
            }
        }

        Close();
        return entries;
    }

    private static void Unescape(ReadOnlySpan<char> quoted, StringBuilder into)
    {
        for (var i = 0; i < quoted.Length; i++)
        {
            into.Append(quoted[i] == '\\' && i + 1 < quoted.Length ? quoted[++i] switch { 'n' => '\n', 't' => '\t', var c => c } : quoted[i]);
        }
    }
}
