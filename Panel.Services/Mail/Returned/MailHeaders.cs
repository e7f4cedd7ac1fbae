using System.Text;

namespace Panel.Services.Mail.Returned;

/// <summary>The header fields of a message or of a report's block, unfolded (RFC 5322 §2.2.3). Reads anything and never throws;
/// looks at the first 200 fields.</summary>
public sealed class MailHeaders
{
    private const int Most = 200;
    private const int LongestField = 8_192;
    private readonly List<(string Name, string Value)> fields = [];

    /// <summary>The first field of this name, without the space around it; empty when there is none.</summary>
    public string this[string name] => fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    public bool Has(string name) => fields.Exists(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<string> All(string name) => fields.Where(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value);

    public bool IsEmpty => fields.Count == 0;

    /// <summary>The value before the parameters, in lower case: <c>multipart/report</c>, <c>failed</c>.</summary>
    public string Word(string name) => this[name].Split(';', ' ', '(')[0].Trim().ToLowerInvariant();

    /// <summary>A parameter such as <c>boundary</c> (RFC 2045 §5.1), without quotes; empty when there is none.</summary>
    public string Parameter(string name, string parameter)
    {
        var rest = this[name].AsSpan();
        while (rest.IndexOf(';') is >= 0 and var at)
        {
            rest = rest[(at + 1)..].TrimStart();
            if (rest.StartsWith(parameter, StringComparison.OrdinalIgnoreCase) && rest[parameter.Length..].TrimStart() is ['=', .. var given])
            {
                given = given.TrimStart();
                return given is ['"', .. var quoted] ? UpTo(quoted, "\"") : UpTo(given, "; \t");
            }
        }

        return "";
    }

    /// <summary>Reads up to the first empty line; what follows it is the body.</summary>
    public static (MailHeaders Headers, ReadOnlyMemory<byte> Body) Read(ReadOnlyMemory<byte> bytes)
    {
        var headers = new MailHeaders();
        var folded = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            var text = Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, LongestField)]).TrimEnd('\r');
            if (text.Length == 0)
            {
                break;
            }

            headers.Add(text, folded);
        }

        headers.Unfold(folded);
        return (headers, bytes);
    }

    private static string UpTo(ReadOnlySpan<char> text, ReadOnlySpan<char> ends) => (text.IndexOfAny(ends) is >= 0 and var end ? text[..end] : text).ToString();

    /// <summary>A field of thousands of lines is put together once, when it has ended.</summary>
    private void Add(string line, StringBuilder folded)
    {
        if (line[0] is ' ' or '\t')
        {
            if (fields.Count > 0 && fields[^1].Value.Length + folded.Length < LongestField)
            {
                folded.Append(' ').Append(line.AsSpan().Trim());
            }
        }
        else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && fields.Count < Most)
        {
            Unfold(folded);
            fields.Add((line[..colon].TrimEnd(), line[(colon + 1)..].Trim()));
        }
    }

    private void Unfold(StringBuilder folded)
    {
        if (folded.Length > 0)
        {
            fields[^1] = (fields[^1].Name, $"{fields[^1].Value}{folded}".Trim());
            folded.Clear();
        }
    }
}
