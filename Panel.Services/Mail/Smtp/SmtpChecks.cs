using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>What can be refused without asking the relay; nothing has been written when it is.</summary>
internal static class SmtpChecks
{
    public static MailReply? Refuse(
        string from, string to, ReadOnlySpan<byte> message, SmtpExtensions offered, out EnvelopeAddress sender, out EnvelopeAddress recipient)
    {
        sender = from.Length == 0 ? default(EnvelopeAddress) with { Path = "" } : EnvelopeAddress.Read(from).GetValueOrDefault();
        recipient = EnvelopeAddress.Read(to).GetValueOrDefault();
        if (sender.Path is null)
        {
            return new(MailResult.OurFault, 0, "5.1.7", "The envelope sender is not an address that can be written into a command.");
        }

        if (recipient.Path is null)
        {
            return new(MailResult.RecipientRefused, 0, "5.1.3", "This is not an address that mail can be sent to.");
        }

        if ((recipient.NeedsUtf8 || sender.NeedsUtf8) && !offered.Utf8)
        {
            return new(recipient.NeedsUtf8 ? MailResult.RecipientRefused : MailResult.OurFault, 0, "5.6.7",
                "The mail relay does not take addresses with letters outside ASCII before the @ (no SMTPUTF8).");
        }

        return RefuseMessage(message, offered);
    }

    private static MailReply? RefuseMessage(ReadOnlySpan<byte> message, SmtpExtensions offered)
    {
        if (!DotStuffing.IsClean(message))
        {
            return new(MailResult.OurFault, 0, "5.6.0", "The message holds a CR or LF that stands alone, which is never sent.");
        }

        if (offered.SizeLimit > 0 && message.Length > offered.SizeLimit)
        {
            return new(MailResult.OurFault, 0, "5.3.4", $"The message has {message.Length} octets; the mail relay takes {offered.SizeLimit}.");
        }

        // Without 8BITMIME only 7-bit messages may pass (RFC 6152 §3); ours are quoted-printable, so this is a fault in the making of it.
        return !offered.EightBit && !offered.Utf8 && !Ascii.IsValid(message)
            ? new(MailResult.OurFault, 0, "5.6.3", "The message holds 8-bit octets and the mail relay takes none (no 8BITMIME).")
            : null;
    }
}
