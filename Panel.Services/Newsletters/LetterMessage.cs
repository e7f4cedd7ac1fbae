using System.Globalization;
using System.Text;

namespace Panel.Services.Newsletters;

/// <summary>A plain text mail of the house: one recipient, UTF-8 in base64, marked as automatic (RFC 3834 §5), no List headers,
/// so that it carries no leave link that leads nowhere (rules H11, U11).</summary>
internal static class LetterMessage
{
    public static byte[] Build(Letter letter, string fromName, string fromEmail)
    {
        var domain = fromEmail[(fromEmail.LastIndexOf('@') + 1)..];
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append("\r\n");
        Line($"Date: {letter.CreatedAt.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000");
        Line($"From: {Words(fromName)} <{fromEmail}>");
        Line($"To: <{letter.Email}>");
        Line($"Message-ID: <letter.{letter.Id}.{letter.EmailHash[..16]}@{domain}>");
        Line($"Subject: {Words(letter.Subject)}");
        Line("Auto-Submitted: auto-generated");
        Line("MIME-Version: 1.0");
        Line("Content-Type: text/plain; charset=utf-8");
        Line("Content-Transfer-Encoding: base64");
        Line("");
        Line(Convert.ToBase64String(Encoding.UTF8.GetBytes(letter.Text.ReplaceLineEndings("\r\n")), Base64FormattingOptions.InsertLineBreaks));
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    // RFC 2047 §2: an encoded word has at most 75 characters, so 45 octets in base64, and never splits a character.
    private static string Words(string value)
    {
        if (value.All(c => c is >= ' ' and <= '~' and not ('"' or '\\' or '<' or '>' or '@' or ',' or ';' or ':' or '(' or ')' or '[' or ']' or '=' or '?')))
        {
            return value;
        }

        var words = new List<string>();
        var part = new StringBuilder();
        foreach (var rune in value.EnumerateRunes())
        {
            if (Encoding.UTF8.GetByteCount(part.ToString()) + rune.Utf8SequenceLength > 45)
            {
                words.Add(part.ToString());
                part.Clear();
            }

            part.Append(rune.ToString());
        }

        words.Add(part.ToString());
        return string.Join("\r\n ", words.Select(w => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(w))}?="));
    }
}
