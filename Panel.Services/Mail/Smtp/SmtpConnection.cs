using System.Buffers;
using System.Net.Sockets;

namespace Panel.Services.Mail.Smtp;

/// <summary>One signed-in connection to a relay.</summary>
internal sealed class SmtpConnection(SmtpWire wire, SmtpExtensions offered, SmtpOptions options) : IMailConnection
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <summary>A message up to this size leaves in one write with its final dot, which costs both sides half the wake-ups; a longer one
    /// travels while the ledger commits.</summary>
    private const int OneWrite = 64 * 1024;

    private readonly SmtpEnvelope envelope = new(wire, offered, options);

    /// <summary>From here on the final dot may be on its way, and a lost connection proves nothing.</summary>
    private volatile bool dotting;

    private bool broken;
    private (string From, string To, ReadOnlyMemory<byte> Message)? next;

    /// <summary>The mail whose envelope went ahead, so that it is looked through once.</summary>
    private ((string From, string To, ReadOnlyMemory<byte> Message) Mail, (EnvelopeAddress Sender, EnvelopeAddress Recipient, MailReply? Refusal) Checked)? announced;

    public bool IsOpen => !broken && !envelope.IsOver;

    public async Task<MailReply> SendAsync(
        string from, string to, ReadOnlyMemory<byte> message, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!IsOpen)
        {
            return MailReply.Own(MailResult.NotSent, "The connection to the mail relay is closed.");
        }

        var (sender, recipient, refusal) = announced is { } looked && looked.Mail.Equals((from, to, message)) ? looked.Checked : Check(from, to, message);
        announced = null;
        if (refusal is not null)
        {
            return refusal;
        }

        var ahead = next;
        next = null;
        dotting = false;
        using var stop = ct.UnsafeRegister(static self => ((SmtpConnection)self!).Stop(), this);
        try
        {
            return await envelope.AnnounceAsync(sender, recipient, message) ?? await HandOverAsync(message, ahead, beforeFinalDot, ct);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Break();
            return Ended(e, ct);
        }
        catch
        {
            Break();
            throw;
        }
        finally
        {
            wire.Rest();
        }
    }

    public void AnnounceNext(string from, string to, ReadOnlyMemory<byte> message) => next = (from, to, message);

    public async ValueTask DisposeAsync()
    {
        // A server that waits for a message that does not come would take QUIT for its first line.
        if (IsOpen && !envelope.IsAhead)
        {
            broken = true;
            try
            {
                wire.Output.Write("QUIT\r\n"u8);
                await wire.FlushAsync(Farewell);
                await wire.ReadReplyAsync(Farewell);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // Nothing is left to lose on a connection that is being given up.
            }
        }

        await wire.DisposeAsync();
    }

    private (EnvelopeAddress Sender, EnvelopeAddress Recipient, MailReply? Refusal) Check(string from, string to, ReadOnlyMemory<byte> message)
    {
        var refusal = SmtpChecks.Refuse(from, to, message.Span, offered, out var sender, out var recipient);
        return (sender, recipient, refusal);
    }

    private async ValueTask<MailReply> HandOverAsync(
        ReadOnlyMemory<byte> message, (string From, string To, ReadOnlyMemory<byte> Message)? ahead, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        DotStuffing.Write(wire.Output, message.Span);
        if (wire.Waiting > OneWrite)
        {
            await wire.FlushAsync(options.CommandTimeout);
        }

        wire.Rest();
        if (!await beforeFinalDot(ct))
        {
            Break();
            return MailReply.Own(MailResult.NotSent, "The hand-over was called off before the final dot.");
        }

        ct.ThrowIfCancellationRequested();
        wire.Output.Write(".\r\n"u8);
        if (ahead is { } following && Check(following.From, following.To, following.Message) is { Refusal: null } fit)
        {
            announced = (following, fit);
            envelope.WriteAhead(fit.Sender, fit.Recipient, following.Message.Span);
        }

        dotting = true;
        await wire.FlushAsync(options.CommandTimeout);
        return await envelope.ConcludeAsync();
    }

    private void Stop()
    {
        if (dotting)
        {
            wire.Hurry(options.StopGrace);
        }
        else
        {
            wire.Abort();
        }
    }

    private void Break()
    {
        broken = true;
        wire.Abort();
    }

    private MailReply Ended(Exception e, CancellationToken ct)
    {
        var result = dotting ? MailResult.Unknown : MailResult.NotSent;
        var why = ct.IsCancellationRequested ? "The sending was stopped"
            : wire.TimedOut ? "The mail relay did not answer in time"
            : $"The connection to the mail relay was lost ({e.GetBaseException().Message.TrimEnd('.')})";
        return MailReply.Own(result, dotting ? $"{why} after the final dot: the message may or may not have been delivered." : $"{why} before the final dot.");
    }
}
