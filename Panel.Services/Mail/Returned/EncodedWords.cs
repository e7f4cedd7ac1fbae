using System.Text;
using System.Text.RegularExpressions;

namespace Panel.Services.Mail.Returned;

/// <summary>Header words of RFC 2047 for people to read. What does not decode stays as it came.</summary>
internal static partial class EncodedWords
{
    public static string Decode(string value) =>
        Word().Replace(Gap().Replace(value, "$1"), w => Decode(w.Groups["charset"].Value, w.Groups["form"].Value is "B" or "b", w.Groups["text"].Value) ?? w.Value);

    private static string? Decode(string charset, bool base64, string text)
    {
        try
        {
            var bytes = base64
                ? Convert.FromBase64String(text)
                : TransferDecoding.Decode("quoted-printable", Encoding.ASCII.GetBytes(text.Replace('_', ' '))).ToArray();
            return Encoding.GetEncoding(charset.Split('*')[0]).GetString(bytes);
        }
        // UTF-7 is known and not allowed.
        catch (Exception bent) when (bent is FormatException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"=\?(?<charset>[A-Za-z0-9*._-]{1,40})\?(?<form>[BbQq])\?(?<text>[^?\s]{0,500})\?=", RegexOptions.None, 1000)]
    private static partial Regex Word();

    // Space between two encoded words is no space (RFC 2047 §6.2).
    [GeneratedRegex(@"(\?=)\s+(?==\?)", RegexOptions.None, 1000)]
    private static partial Regex Gap();
}
