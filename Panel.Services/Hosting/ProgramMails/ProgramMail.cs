using System.Globalization;
using System.Net.Mail;
using System.Text;
using Panel.Services.Newsletters;

namespace Panel.Services.Hosting.ProgramMails;

/// <summary>A message as a member's program wrote it (RFC 5322 §2), read into what the envelope needs. Line ends of any kind are taken;
/// <c>Bcc</c> is carried out and never sent.</summary>
internal sealed record ProgramMail(EmailAddress? From, IReadOnlyList<EmailAddress> To, IReadOnlyList<string> Header, byte[] Body)
{
    public const int MostRecipients = 50;

    /// <summary>Octets of a line without its end (RFC 5322 §2.1.1).</summary>
    private const int LongestLine = 998;

    private const int MostHeader = 64 * 1024;

    private static readonly string[] Once = ["from", "sender", "to", "cc", "bcc", "subject", "date", "message-id", "reply-to"];

    /// <summary>Reads the message, or says in words why it cannot be sent.</summary>
    public static Outcome<ProgramMail> Read(ReadOnlySpan<byte> message)
    {
        if (message.Contains((byte)0))
        {
            return new Refusal("The message contains a NUL byte, which no mail may.");
        }

        // Latin-1 keeps every byte; words outside ASCII in a header are passed on as they are.
        var lines = Encoding.Latin1.GetString(message).ReplaceLineEndings("\n").Split('\n');
        var end = Array.IndexOf(lines, "");
        var head = end < 0 ? lines : lines[..end];
        if (head.Sum(l => l.Length) > MostHeader || lines.Any(l => l.Length > LongestLine))
        {
            return new Refusal($"A line of a mail has at most {LongestLine} characters, and its header {MostHeader / 1024} KiB.");
        }

        var fields = new List<(string Name, string Value, string Whole)>();
        foreach (var line in head)
        {
            if (line[0] is ' ' or '\t' && fields.Count > 0)
            {
                fields[^1] = (fields[^1].Name, $"{fields[^1].Value} {line.Trim()}", $"{fields[^1].Whole}\r\n{line}");
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is var colon and > 0 && line[..colon].TrimEnd().All(c => c is > ' ' and <= '~'))
            {
                fields.Add((line[..colon].TrimEnd().ToLowerInvariant(), line[(colon + 1)..].Trim(), line));
            }
            else
            {
                return new Refusal("A line of the header is no 'Name: value'. Headers end with an empty line.");
            }
        }

        if (Once.FirstOrDefault(n => fields.Count(f => f.Name == n) > 1) is { } twice)
        {
            return new Refusal($"The header {twice} is there twice. Was text of a visitor put into a header?");
        }

        var to = new List<EmailAddress>();
        foreach (var (name, value, _) in fields.Where(f => f.Name is "to" or "cc" or "bcc" && f.Value.Length > 0))
        {
            if (Addresses(value) is not { } found)
            {
                return new Refusal($"The header {name} is no list of mail addresses.");
            }

            to.AddRange(found.Where(f => to.TrueForAll(t => t.Key != f.Key)));
        }

        var from = fields.Find(f => f.Name == "from").Value;
        var author = from is null ? null : Addresses(from);
        return from is not null && author is not { Count: 1 } ? new Refusal("The header From must be one mail address.")
            : to.Count is 0 or > MostRecipients ? new Refusal($"A mail goes to 1 to {MostRecipients} addresses; this one has {to.Count}. A list is what newsletters are for.")
            : new ProgramMail(author?[0], to, [.. fields.Where(f => f.Name is not ("bcc" or "return-path" or "received")).Select(f => f.Whole)],
                Encoding.Latin1.GetBytes(end < 0 ? "" : string.Join("\r\n", lines[(end + 1)..])));
    }

    /// <summary>The finished bytes: what a sender must add (RFC 5322 §3.6, RFC 3834 §5) is added where it is missing.</summary>
    public byte[] Write(EmailAddress from, DateTime now, string id)
    {
        bool Has(string name) => Header.Any(h => h.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
        IEnumerable<string> more =
        [
            .. Has("Date") ? Array.Empty<string>() : [$"Date: {now.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000"],
            .. Has("From") ? Array.Empty<string>() : [$"From: <{from.Typed}>"],
            .. Has("Message-ID") ? Array.Empty<string>() : [$"Message-ID: <{id}@{from.Domain}>"],
            .. Has("Auto-Submitted") ? Array.Empty<string>() : ["Auto-Submitted: auto-generated"],
        ];
        return [.. Encoding.Latin1.GetBytes(string.Join("\r\n", Header.Concat(more)) + "\r\n\r\n"), .. Body, .. "\r\n"u8];
    }

    private static List<EmailAddress>? Addresses(string value)
    {
        try
        {
            var list = new MailAddressCollection();
            list.Add(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(value)));
            var found = list.Select(a => EmailAddress.Parse(a.Address)).ToList();
            return found.Contains(null) ? null : found.ConvertAll(a => a!);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
