using System.Globalization;
using System.Text;

namespace Panel.Services.Finger.Thimbl;

/// <summary>Makes strict JSON out of an object as plans have it: raw controls and line breaks inside strings, escapes that JSON does
/// not know, halves of surrogate pairs. Finds where the object ends; what follows it is not looked at.</summary>
internal static class LooseJson
{
    private const int Deepest = 64;

    /// <summary>The object that begins at <paramref name="start"/>, and the place behind it; null when it never ends or goes too deep.</summary>
    public static (string Json, int End)? Take(string text, int start)
    {
        var json = new StringBuilder();
        var depth = 0;
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '"')
            {
                i = TakeString(text, i, json);
                if (i < 0)
                {
                    return null;
                }

                continue;
            }

            depth += c is '{' or '[' ? 1 : c is '}' or ']' ? -1 : 0;
            if (depth > Deepest)
            {
                return null;
            }

            json.Append(c);
            if (depth == 0)
            {
                return (json.ToString(), i + 1);
            }
        }

        return null;
    }

    /// <summary>Copies one string and returns the place of its closing mark, or -1 when there is none.</summary>
    private static int TakeString(string text, int open, StringBuilder json)
    {
        json.Append('"');
        for (var i = open + 1; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    json.Append('"');
                    return i;
                case '\\' when i + 1 < text.Length:
                    i = TakeEscape(text, i, json);
                    break;
                case '\r':
                    break;
                case < ' ' or '\\':
                    json.Append(' ');
                    break;
                case var c:
                    json.Append(char.IsSurrogate(c) && !IsPaired(text, i) ? '\uFFFD' : c);
                    break;
            }
        }

        return -1;
    }

    private static int TakeEscape(string text, int at, StringBuilder json)
    {
        var c = text[at + 1];
        if (char.IsSurrogate(c))
        {
            // Half a letter: only the backslash is taken here, so that both halves stay together.
            json.Append("\\\\");
            return at;
        }

        if (c != 'u')
        {
            // \' is what some writers make of an apostrophe; of what JSON does not know the backslash is meant as such.
            json.Append(c is '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' ? $"\\{c}" : c == '\'' ? "'" : c < ' ' ? "\\\\ " : $"\\\\{c}");
            return at + 1;
        }

        if (Unit(text, at) is not { } unit)
        {
            json.Append("\\\\u");
            return at + 1;
        }

        if (char.IsHighSurrogate(unit) && Unit(text, at + 6) is { } low && char.IsLowSurrogate(low))
        {
            json.Append(unit).Append(low);
            return at + 11;
        }

        json.Append(char.IsSurrogate(unit) ? "\uFFFD" : text.Substring(at, 6));
        return at + 5;
    }

    /// <summary>The UTF-16 unit of a <c>\uNNNN</c> at this place.</summary>
    private static char? Unit(string text, int at) =>
        at + 6 <= text.Length && text[at] == '\\' && text[at + 1] == 'u' && ushort.TryParse(text.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit : null;

    private static bool IsPaired(string text, int at) => char.IsHighSurrogate(text[at])
        ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
        : at > 0 && char.IsHighSurrogate(text[at - 1]);
}
