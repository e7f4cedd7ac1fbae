using System.Globalization;
using System.Text.RegularExpressions;

namespace Panel.Services.Hosting;

/// <summary>A host name that may be served: strict letters, digits and hyphens in lower case (RFC 1123 section 2.1), names in
/// other scripts as A-labels (RFC 5891), at most 253 characters. What passes here becomes a directory and a line that root reads.
/// <c>*.</c> in front of it means all names below it, and is read only where that is asked for.</summary>
public sealed partial record DomainName(string Ascii, string Unicode)
{
    // Names that never lead to a public web site (RFC 6761, RFC 6762, RFC 7686, RFC 9476).
    private static readonly string[] Special = ["localhost", "local", "invalid", "onion", "arpa", "internal", "alt"];

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>Reads what a person typed: a plain name, in any script, with or without the final dot, or all names below one.</summary>
    public static Outcome<DomainName> ParseServed(string? typed, string field)
    {
        var text = typed?.Trim(' ') ?? "";
        if (!text.StartsWith("*.", StringComparison.Ordinal))
        {
            return Parse(text, field);
        }

        var below = Parse(text[2..], field);
        return below.Refused is { } no ? no
            : below.Value!.Ascii.Length > 251 ? new Refusal("A domain has at most 253 characters.", field)
            : new DomainName($"*.{below.Value.Ascii}", $"*.{below.Value.Unicode}");
    }

    /// <summary>The name itself, or that of which all below is meant.</summary>
    public static string Bare(string name) => name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;

    /// <summary>Reads a plain name, in any script, with or without the final dot.</summary>
    public static Outcome<DomainName> Parse(string? typed, string field)
    {
        Refusal No(string why) => new(why, field);
        var text = typed?.Trim(' ') ?? "";
        if (text.EndsWith('.'))
        {
            text = text[..^1];
        }

        if (text.Length == 0)
        {
            return No("Type a domain, for example annart.example.");
        }

        if (text.Length > 253 || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format))
        {
            return No("A domain is one name on one line, without spaces or hidden characters, of at most 253 characters.");
        }

        if (text.Contains('*', StringComparison.Ordinal))
        {
            return No("A star stands alone and first, for all names below one: for example *.annart.example.");
        }

        if (text.Contains("://", StringComparison.Ordinal) || text.Contains('/', StringComparison.Ordinal) || text.Contains('@', StringComparison.Ordinal) || text.Contains(':', StringComparison.Ordinal))
        {
            return No("Only the name is needed, without http://, path, port or @: for example annart.example.");
        }

        if (ToAscii(text) is not { } ascii || !Grammar().IsMatch(ascii) || ascii.Length > 253 || ascii.Split('.').Any(IsForeignTag))
        {
            return No("This is not a domain. It has at least two parts with a dot between them, each of letters, digits and hyphens that stand inside: for example annart.example.");
        }

        var unicode = ToUnicode(ascii);
        if (unicode is null || ToAscii(unicode) != ascii || unicode.Split('.').Any(LooksLikeAnother))
        {
            return No("This name mixes scripts, or is written in letters that look like Latin ones, so people would take it for another name. Use one script for each part.");
        }

        return Special.Contains(ascii[(ascii.LastIndexOf('.') + 1)..])
            ? No($"Names below .{ascii[(ascii.LastIndexOf('.') + 1)..]} are reserved and lead to no public site.")
            : new DomainName(ascii, unicode);
    }

    /// <summary>Whether this is <paramref name="other"/> or a name below it.</summary>
    public static bool IsWithin(string name, string other) =>
        name == other || (name.Length > other.Length && name.EndsWith(other, StringComparison.Ordinal) && name[^(other.Length + 1)] == '.');

    /// <summary>The names above this one, the nearest first, without the top level; each alone and as all that is below it.</summary>
    public static IEnumerable<string> Holding(string name) => Above(name).SelectMany(a => new[] { a, $"*.{a}" });

    /// <summary>The names above this one, the nearest first, without the top level.</summary>
    public static IEnumerable<string> Above(string name)
    {
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot >= 0 && name.IndexOf('.', dot + 1) > 0; dot = name.IndexOf('.', dot + 1))
        {
            yield return name[(dot + 1)..];
        }
    }

    private static string? ToAscii(string text)
    {
        try
        {
            return Idn.GetAscii(text).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string? ToUnicode(string ascii)
    {
        try
        {
            return Idn.GetUnicode(ascii);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // Hyphens in third and fourth place are kept for tags such as xn-- (RFC 5890 section 2.3.1).
    private static bool IsForeignTag(string label) =>
        label.Length > 3 && label[2] == '-' && label[3] == '-' && !label.StartsWith("xn--", StringComparison.Ordinal);

    private static bool LooksLikeAnother(string label)
    {
        if (label.All(char.IsAscii))
        {
            return label.StartsWith("xn--", StringComparison.Ordinal);
        }

        if (label.Any(c => !(char.IsAscii(c) || char.IsLetterOrDigit(c) || char.IsSurrogate(c) || IsMark(c))))
        {
            return true;
        }

        var scripts = label.Where(c => char.IsLetter(c)).Select(Script).Where(s => s != 0).Distinct().Count();
        return scripts > 1 || label.Where(char.IsLetter).All(c => Twins.Contains(c, StringComparison.Ordinal));
    }

    // Cyrillic, Greek and Armenian letters that are drawn like Latin ones (Unicode TR 39, confusables.txt).
    private const string Twins = "асеорхуіјѕһԁԛԝӏɡорсυνοικαργтмкհոսօցզ";

    private static bool IsMark(char c) => CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    // Only the scripts that are easily taken for one another; Han, Kana and Latin may stand together.
    private static int Script(char c) => c switch
    {
        < '\u0250' or (>= '\u1e00' and <= '\u1eff') => 1,
        >= '\u0370' and <= '\u03ff' or (>= '\u1f00' and <= '\u1fff') => 2,
        >= '\u0400' and <= '\u052f' => 3,
        >= '\u0530' and <= '\u058f' => 4,
        >= '\u13a0' and <= '\u13ff' => 5,
        >= '\u0250' and <= '\u02af' => 6,
        _ => 0,
    };

    [GeneratedRegex(@"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Grammar();
}
