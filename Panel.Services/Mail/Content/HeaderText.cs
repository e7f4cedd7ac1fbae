using System.Buffers;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>Writes header fields: folded at 78 columns, encoded words where ASCII does not do (RFC 5322 §2.2, RFC 2047), never a line of somebody else's (rule H9).</summary>
public static class HeaderText
{
    private const int LineLimit = 76;

    /// <summary>An encoded word is at most 75 characters (RFC 2047 §2); this many are left between <c>=?utf-8?Q?</c> and <c>?=</c>.</summary>
    private const int WordLimit = 75 - 12;

    private static readonly SearchValues<char> Atom = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~");
    private static readonly SearchValues<char> InWord = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/");

    /// <summary>A field of free text, such as Subject.</summary>
    public static string Field(string name, string text)
    {
        text = MailText.OneLine(text).Trim();
        var plain = text.All(c => c is >= ' ' and <= '~') && !text.Contains("=?", StringComparison.Ordinal) && !text.Contains("  ", StringComparison.Ordinal);
        return plain && text.Split(' ').All(word => word.Length < LineLimit - name.Length - 2)
            ? $"{name}:{Fold(text, name.Length + 1)}\r\n"
            : $"{name}: {Words(text, name.Length + 2)}\r\n";
    }

    /// <summary>A field whose value is ours and needs no encoding; anything else is a mistake of the caller.</summary>
    /// <exception cref="ArgumentException">It holds a control character or a letter outside ASCII.</exception>
    public static string Bare(string name, string value) =>
        value.AsSpan().ContainsAnyExceptInRange(' ', '~') ? throw new ArgumentException($"The value of {name} is not printable ASCII.", nameof(value)) : $"{name}: {value}\r\n";

    /// <summary><c>Name &lt;address&gt;</c> as one field (RFC 5322 §3.4).</summary>
    /// <exception cref="ArgumentException">The address is none.</exception>
    public static string Mailbox(string field, string? display, string address)
    {
        var path = EnvelopeAddress.Read(address) ?? throw new ArgumentException($"{field} needs an e-mail address.", nameof(address));
        display = MailText.OneLine(display ?? "").Trim();
        if (display.Length == 0)
        {
            return $"{field}: {path.Path}\r\n";
        }

        var phrase = Phrase(display, field.Length + 2);
        var column = field.Length + 2 + phrase.Length - (phrase.LastIndexOf('\n') + 1);
        return $"{field}: {phrase}{(column + path.Path.Length + 3 > LineLimit ? "\r\n" : "")} <{path.Path}>\r\n";
    }

    /// <summary>A display name: atoms as they are, other ASCII quoted, the rest as encoded words.</summary>
    public static string Phrase(string display, int column)
    {
        if (!display.All(c => c is >= ' ' and <= '~') || display.Contains("=?", StringComparison.Ordinal))
        {
            return Words(display, column);
        }

        var plain = display.Split(' ').All(word => word.Length > 0 && !word.AsSpan().ContainsAnyExcept(Atom));
        var phrase = plain ? display : $"\"{display.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        return phrase.Length <= LineLimit - column ? phrase : Words(display, column);
    }

    private static string Fold(string text, int column)
    {
        var folded = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            var breaks = column + 1 + word.Length > LineLimit;
            folded.Append(breaks ? "\r\n " : " ").Append(word);
            column = (breaks ? 1 : column + 1) + word.Length;
        }

        return folded.ToString();
    }

    /// <summary>Q-encoded words, cut between characters (RFC 2047 §5 (3)); the strictest alphabet, so that they fit everywhere.</summary>
    private static string Words(string text, int column)
    {
        var words = new StringBuilder("=?utf-8?Q?");
        var left = Math.Min(WordLimit, LineLimit - column - 12);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var plain = rune.IsAscii && (InWord.Contains((char)rune.Value) || rune.Value == ' ');
            var bytes = utf8[..rune.EncodeToUtf8(utf8)];
            var width = plain ? 1 : 3 * bytes.Length;
            if (width > left)
            {
                words.Append("?=\r\n =?utf-8?Q?");
                left = WordLimit - 1;
            }

            left -= width;
            if (plain)
            {
                words.Append(rune.Value == ' ' ? '_' : (char)rune.Value);
                continue;
            }

            foreach (var b in bytes)
            {
                words.Append('=').Append(Convert.ToHexString([b]));
            }
        }

        return words.Append("?=").ToString();
    }
}
