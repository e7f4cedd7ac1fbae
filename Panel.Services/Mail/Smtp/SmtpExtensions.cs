using System.Globalization;
using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>What the server's EHLO reply offers (RFC 5321 §4.1.1.1). Read anew after STARTTLS (RFC 3207 §4.2).</summary>
internal sealed record SmtpExtensions
{
    public static SmtpExtensions None { get; } = new();

    /// <summary>What a file can hold: everything.</summary>
    public static SmtpExtensions All { get; } = new() { EightBit = true, Utf8 = true };

    public bool StartTls { get; init; }

    public bool Pipelining { get; init; }

    public bool EightBit { get; init; }

    public bool Utf8 { get; init; }

    /// <summary>Delivery status notifications can be asked for (RFC 3461).</summary>
    public bool Dsn { get; init; }

    public bool Size { get; init; }

    /// <summary>Largest message in octets (RFC 1870 §4); 0 when the server names no limit.</summary>
    public long SizeLimit { get; init; }

    public bool AuthPlain { get; init; }

    public bool AuthLogin { get; init; }

    /// <param name="text">The reply's lines separated by LF; the first is the greeting.</param>
    public static SmtpExtensions Parse(ReadOnlySpan<byte> text)
    {
        var offered = None;
        var first = true;
        foreach (var range in text.Split((byte)'\n'))
        {
            offered = first ? offered : With(offered, Encoding.ASCII.GetString(text[range]).Trim().ToUpperInvariant());
            first = false;
        }

        return offered;
    }

    private static SmtpExtensions With(SmtpExtensions offered, string line)
    {
        var words = line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries);
        return words is [] ? offered : words[0] switch
        {
            "STARTTLS" => offered with { StartTls = true },
            "PIPELINING" => offered with { Pipelining = true },
            "8BITMIME" => offered with { EightBit = true },
            "SMTPUTF8" => offered with { Utf8 = true },
            "DSN" => offered with { Dsn = true },
            "SIZE" => offered with { Size = true, SizeLimit = words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var n) ? n : 0 },
            "AUTH" => offered with { AuthPlain = offered.AuthPlain || words.Contains("PLAIN"), AuthLogin = offered.AuthLogin || words.Contains("LOGIN") },
            _ => offered,
        };
    }
}
