using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>What was asked when a reply came.</summary>
internal enum SmtpStage { Greeting, Hello, StartTls, Auth, Mail, Recipient, Data, FinalDot }

/// <summary>Reads a reply as rule A14 does: whose fault it is depends on where in the dialogue it came (RFC 5321 §4.2, §4.3.2).</summary>
internal static class SmtpVerdict
{
    /// <summary>The meaning of a code that was not the wished one.</summary>
    public static MailResult Of(SmtpStage stage, int code) => code switch
    {
        >= 200 and < 300 when stage == SmtpStage.FinalDot => MailResult.Accepted,
        >= 400 and < 500 => MailResult.Deferred,
        >= 500 when stage < SmtpStage.Recipient || IsAboutUs(code) => MailResult.OurFault,
        >= 500 => MailResult.RecipientRefused,
        _ => MailResult.NotSent,
    };

    public static MailReply Read(SmtpStage stage, int code, ReadOnlySpan<byte> text)
    {
        var words = Encoding.UTF8.GetString(text.Length > 4 * MailWords.Limit ? text[..(4 * MailWords.Limit)] : text);
        var enhanced = Enhanced(text, code);
        return new MailReply(Of(stage, code), code, enhanced, MailWords.Clean(words));
    }

    /// <summary>
    /// Unknown command, wrong order, sign-in wanted or too weak (RFC 5321 §4.2.2, RFC 4954 §6): said to any recipient alike.
    /// 501 and 504 are not among them: Postfix says them about one address.
    /// </summary>
    private static bool IsAboutUs(int code) => code is 500 or 502 or 503 or 530 or 534 or 535 or 538;

    /// <summary>The code <c>class.subject.detail</c> at the start of the text (RFC 2034 §4), if it fits the reply's class.</summary>
    private static string? Enhanced(ReadOnlySpan<byte> text, int code)
    {
        var space = text.IndexOfAny(" \n"u8);
        var word = space < 0 ? text : text[..space];
        if (word.Length is < 5 or > 9 || word[0] != '0' + (code / 100) || word[1] != '.')
        {
            return null;
        }

        var dot = word[2..].IndexOf((byte)'.');
        return dot is >= 1 and <= 3 && IsNumber(word.Slice(2, dot)) && IsNumber(word[(3 + dot)..]) ? Encoding.ASCII.GetString(word) : null;
    }

    private static bool IsNumber(ReadOnlySpan<byte> digits) =>
        digits.Length is >= 1 and <= 3 && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
}
