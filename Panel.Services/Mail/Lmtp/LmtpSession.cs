using System.Globalization;

namespace Panel.Services.Mail.Lmtp;

/// <summary>What comes after a command.</summary>
internal enum LmtpNext { Command, Message, HangUp }

/// <summary>One LMTP conversation without its wire (RFC 2033): commands in, replies out. Nobody is relayed for: only recipients that
/// the house knows by their token are taken.</summary>
internal sealed class LmtpSession(LmtpDoor door, string host, int mostBytes)
{
    /// <summary>RFC 5321 §4.5.3.1.8: at least 100.</summary>
    private const int MostRecipients = 100;

    /// <summary>A peer that says so much nonsense is no MTA.</summary>
    private const int MostErrors = 20;

    private readonly List<string> recipients = [];
    private string? sender;
    private bool greeted;
    private int errors;

    public string Greeting => $"220 {host} LMTP Panel\r\n";

    public (string Reply, LmtpNext Next) Hear(string line)
    {
        var (verb, rest) = Split(line);
        var (reply, next) = Answer(verb.ToUpperInvariant(), rest);
        errors += reply[0] == '5' ? 1 : 0;
        return errors > MostErrors ? ("421 4.7.0 Too many errors\r\n", LmtpNext.HangUp) : (reply, next);
    }

    /// <summary>The message has come: one reply for each recipient, in their order (RFC 2033 §4.2).</summary>
    public async Task<string> TakeAsync(DotReader read, CancellationToken ct)
    {
        // Named a hundred times, a recipient still gets it once.
        var replies = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var recipient in recipients.Where(r => !replies.ContainsKey(r)))
        {
            replies[recipient] = read.TooBig ? $"552 5.3.4 The message is longer than {mostBytes.ToString(CultureInfo.InvariantCulture)} bytes\r\n"
                : await door.Take(new IncomingMail(sender!, recipient, read.Message), ct) ? "250 2.0.0 Taken\r\n"
                : "451 4.3.0 It cannot be kept right now, come again\r\n";
        }

        var said = string.Concat(recipients.Select(r => replies[r]));
        Reset();
        return said;
    }

    private (string Reply, LmtpNext Next) Answer(string verb, string rest) => verb switch
    {
        "LHLO" => (Hello(rest), LmtpNext.Command),
        "EHLO" or "HELO" => ("500 5.5.1 This is LMTP, say LHLO (RFC 2033 section 4.1)\r\n", LmtpNext.Command),
        "MAIL" => (From(rest), LmtpNext.Command),
        "RCPT" => (To(rest), LmtpNext.Command),
        "DATA" when recipients.Count > 0 => ("354 End with <CR><LF>.<CR><LF>\r\n", LmtpNext.Message),
        "DATA" => ("503 5.5.1 No recipient was accepted\r\n", LmtpNext.Command),
        "RSET" => (Reset(), LmtpNext.Command),
        "NOOP" => ("250 2.0.0 Ok\r\n", LmtpNext.Command),
        "VRFY" => ("252 2.5.0 Try RCPT\r\n", LmtpNext.Command),
        "QUIT" => ($"221 2.0.0 {host} closes\r\n", LmtpNext.HangUp),
        _ => ("500 5.5.2 That is no command of LMTP\r\n", LmtpNext.Command),
    };

    private string Hello(string name)
    {
        if (name.Length == 0)
        {
            return "501 5.5.4 LHLO needs a name\r\n";
        }

        Reset();
        greeted = true;
        return $"250-{host}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {mostBytes.ToString(CultureInfo.InvariantCulture)}\r\n";
    }

    private string From(string rest)
    {
        if (!greeted || sender is not null)
        {
            return greeted ? "503 5.5.1 MAIL was said already\r\n" : "503 5.5.1 Say LHLO first\r\n";
        }

        var (address, parameters) = Path(rest, "FROM:");
        if (address is null)
        {
            return "501 5.5.4 Expected MAIL FROM:<address>\r\n";
        }

        var size = parameters.Split(' ').FirstOrDefault(p => p.StartsWith("SIZE=", StringComparison.OrdinalIgnoreCase));
        if (size is not null && long.TryParse(size.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var announced) && announced > mostBytes)
        {
            return $"552 5.3.4 At most {mostBytes.ToString(CultureInfo.InvariantCulture)} bytes\r\n";
        }

        sender = address;
        return "250 2.1.0 Ok\r\n";
    }

    private string To(string rest)
    {
        if (sender is null)
        {
            return "503 5.5.1 Say MAIL first\r\n";
        }

        var (address, _) = Path(rest, "TO:");
        if (string.IsNullOrEmpty(address))
        {
            return "501 5.5.4 Expected RCPT TO:<address>\r\n";
        }

        if (recipients.Count >= MostRecipients)
        {
            return "452 4.5.3 Too many recipients\r\n";
        }

        if (!door.Knows(address))
        {
            return "550 5.1.1 Nobody is known by this address\r\n";
        }

        recipients.Add(address);
        return "250 2.1.5 Ok\r\n";
    }

    private string Reset()
    {
        sender = null;
        recipients.Clear();
        return "250 2.0.0 Ok\r\n";
    }

    private static (string Verb, string Following) Split(string line) =>
        line.IndexOf(' ', StringComparison.Ordinal) is var at && at < 0 ? (line, "") : (line[..at], line[(at + 1)..].Trim());

    /// <summary>The address between the angle brackets, without a source route (RFC 5321 §4.1.1.3), and the parameters.</summary>
    private static (string? Address, string Parameters) Path(string rest, string word)
    {
        if (!rest.StartsWith(word, StringComparison.OrdinalIgnoreCase) || rest[word.Length..].TrimStart() is not ['<', ..] path)
        {
            return (null, "");
        }

        var end = path.LastIndexOf('>');
        var address = end < 0 ? null : path[1..end];
        if (address is ['@', ..] && address.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
        {
            address = address[(colon + 1)..];
        }

        return address is null || address.Length > 320 || address.Any(c => c <= ' ' || c == 127) ? (null, "") : (address, path[(end + 1)..].Trim());
    }
}
