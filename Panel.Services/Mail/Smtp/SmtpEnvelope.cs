using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>
/// The commands before a message: RSET where the last one ended early, MAIL, RCPT, DATA; in one write where the server
/// allows it (PIPELINING, RFC 2920), else one by one.
/// </summary>
internal sealed class SmtpEnvelope(SmtpWire wire, SmtpExtensions offered, SmtpOptions options)
{
    /// <summary>A transaction that did not end in an accepted message leaves its sender behind on some servers (rule F14b).</summary>
    private bool needsReset;

    private bool used;
    private int last;
    private (EnvelopeAddress Sender, EnvelopeAddress Recipient, int Length)? ahead;

    /// <summary>Set when the dialogue is out of step or the server said goodbye (421): no further message may be sent.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The server has been asked for a message that nobody has begun to hand over.</summary>
    public bool IsAhead => ahead is not null;

    /// <summary>Adds the commands for the message after this one behind its final dot (RFC 2920 §3.1 lets message content be the
    /// first of a group). Their replies are read by <see cref="AnnounceAsync"/> for that message.</summary>
    public void WriteAhead(EnvelopeAddress sender, EnvelopeAddress recipient, ReadOnlySpan<byte> message)
    {
        if (offered.Pipelining)
        {
            WriteCommands(reset: false, sender, recipient, message);
            ahead = (sender, recipient, message.Length);
        }
    }

    /// <summary>Null when the server waits for the message, otherwise its no.</summary>
    public async ValueTask<MailReply?> AnnounceAsync(EnvelopeAddress sender, EnvelopeAddress recipient, ReadOnlyMemory<byte> message)
    {
        if (ahead is { } asked)
        {
            ahead = null;
            return asked == (sender, recipient, message.Length) ? await ReadAheadAsync() : Stray();
        }

        var reset = needsReset;
        needsReset = true;
        WriteCommands(reset, sender, recipient, message.Span);
        await wire.FlushAsync(options.CommandTimeout);
        if (reset && await ReadAsync() != 250)
        {
            IsOver = true;
            return No(SmtpStage.Mail);
        }

        return offered.Pipelining ? await ReadAllAsync(afterRefusal: false) : await StepAsync(sender, recipient);
    }

    /// <summary>The reply to the final dot.</summary>
    public async ValueTask<MailReply> ConcludeAsync()
    {
        last = await wire.ReadReplyAsync(options.FinalDotTimeout);
        var reply = No(SmtpStage.FinalDot);
        needsReset = reply.Result != MailResult.Accepted;
        used = true;
        return reply;
    }

    private ValueTask<MailReply?> ReadAheadAsync()
    {
        var afterRefusal = needsReset;
        needsReset = true;
        return ReadAllAsync(afterRefusal);
    }

    private MailReply Stray() => Over("Another message was announced on this connection.");

    private MailReply Over(string why)
    {
        IsOver = true;
        return MailReply.Own(MailResult.NotSent, why);
    }

    /// <summary>The three replies of MAIL, RCPT and DATA, which come whatever the first of them says.</summary>
    private async ValueTask<MailReply?> ReadAllAsync(bool afterRefusal)
    {
        var no = await ReadAsync() == 250 ? null : No(SmtpStage.Mail);
        if (no is not null && afterRefusal)
        {
            // Some servers keep the sender of a message that they refused, and say no to the next MAIL for that alone (rule F14b).
            return Over("The mail relay refused the message before this one; this one goes by a new connection.");
        }

        var senderRefused = no is not null;
        if (IsOver)
        {
            return no;
        }

        if (await ReadAsync() is not (250 or 251))
        {
            no ??= No(SmtpStage.Recipient);
        }

        if (IsOver)
        {
            return no;
        }

        var data = await ReadAsync();
        if (no is null)
        {
            return data == 354 ? null : No(SmtpStage.Data);
        }

        if (data == 354)
        {
            await RetreatAsync(senderRefused);
        }

        return no;
    }

    private async ValueTask<MailReply?> StepAsync(EnvelopeAddress sender, EnvelopeAddress recipient)
    {
        if (await ReadAsync() != 250)
        {
            return No(SmtpStage.Mail);
        }

        WriteRecipient(sender, recipient);
        await wire.FlushAsync(options.CommandTimeout);
        if (await ReadAsync() is not (250 or 251))
        {
            return No(SmtpStage.Recipient);
        }

        wire.Output.Write("DATA\r\n"u8);
        await wire.FlushAsync(options.CommandTimeout);
        return await ReadAsync() == 354 ? null : No(SmtpStage.Data);
    }

    /// <summary>The server opened DATA although nobody is to be mailed: a lone dot ends it (RFC 2920 §3.1).</summary>
    private async ValueTask RetreatAsync(bool senderRefused)
    {
        if (senderRefused)
        {
            IsOver = true;
            return;
        }

        wire.Output.Write(".\r\n"u8);
        await wire.FlushAsync(options.CommandTimeout);
        IsOver |= await ReadAsync() == 421;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadAsync() => last = await wire.ReadReplyAsync(options.CommandTimeout);

    /// <summary>The last reply as a result; anything but a plain 4xx or 5xx means that the two sides are out of step.</summary>
    private MailReply No(SmtpStage stage)
    {
        var reply = SmtpVerdict.Read(stage, last, wire.Text);
        IsOver |= last == 421 || reply.Result == MailResult.NotSent;

        // "421 4.4.2 timeout" is said to a connection that lay idle, not about the message (RFC 3463 §3.5).
        return stage == SmtpStage.Mail && used && last == 421 && reply.Enhanced == "4.4.2" ? reply with { Result = MailResult.NotSent } : reply;
    }

    private void WriteCommands(bool reset, EnvelopeAddress sender, EnvelopeAddress recipient, ReadOnlySpan<byte> message)
    {
        if (reset)
        {
            wire.Output.Write("RSET\r\n"u8);
        }

        wire.Output.Write("MAIL FROM:<"u8);
        Write(sender.Path);
        wire.Output.Write(">"u8);
        if (offered.Size)
        {
            wire.Output.Write(" SIZE="u8);
            message.Length.TryFormat(wire.Output.GetSpan(11), out var digits, default, CultureInfo.InvariantCulture);
            wire.Output.Advance(digits);
        }

        if (offered.EightBit && !Ascii.IsValid(message))
        {
            wire.Output.Write(" BODY=8BITMIME"u8);
        }

        if (offered.Dsn && sender.Path.Length > 0)
        {
            // Only the header comes back, and with it whose mail it was (RFC 3461 §4.3, §4.4).
            wire.Output.Write(" RET=HDRS ENVID="u8);
            Write(Xtext.Of(sender.Path[(sender.Path.IndexOf('+', StringComparison.Ordinal) + 1)..].Split('@')[0]));
        }

        wire.Output.Write(sender.NeedsUtf8 || recipient.NeedsUtf8 ? " SMTPUTF8\r\n"u8 : "\r\n"u8);
        if (offered.Pipelining)
        {
            WriteRecipient(sender, recipient);
            wire.Output.Write("DATA\r\n"u8);
        }
    }

    private void WriteRecipient(EnvelopeAddress sender, EnvelopeAddress recipient)
    {
        wire.Output.Write("RCPT TO:<"u8);
        Write(recipient.Path);
        wire.Output.Write(">"u8);
        if (offered.Dsn && sender.Path.Length > 0 && !recipient.NeedsUtf8)
        {
            wire.Output.Write(" NOTIFY=FAILURE ORCPT=rfc822;"u8);
            Write(Xtext.Of(recipient.Path));
        }

        wire.Output.Write("\r\n"u8);
    }

    private void Write(string text)
    {
        var room = wire.Output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        wire.Output.Advance(Encoding.UTF8.GetBytes(text, room));
    }
}
