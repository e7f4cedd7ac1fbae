using System.Buffers;
using System.Net.Sockets;

namespace Panel.Services.Mail.Smtp;

/// <summary>One signed-in connection to a relay.</summary>
internal sealed class SmtpConnection(SmtpWire wire, SmtpExtensions offered, SmtpOptions options) : IMailConnection
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly SmtpEnvelope envelope = new(wire, offered, options);

    /// <summary>From here on the final dot may be on its way, and a lost connection proves nothing.</summary>
    private volatile bool dotting;

    private bool broken;
    private (string From, string To, ReadOnlyMemory<byte> Message)? next;

    public bool IsOpen => !broken && !envelope.IsOver;

    public async Task<MailReply> SendAsync(
        string from, string to, ReadOnlyMemory<byte> message, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!IsOpen)
        {
            return MailReply.Own(MailResult.NotSent, "The connection to the mail relay is closed.");
        }

        if (SmtpChecks.Refuse(from, to, message.Span, offered, out var sender, out var recipient) is { } refusal)
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

    private async ValueTask<MailReply> HandOverAsync(
        ReadOnlyMemory<byte> message, (string From, string To, ReadOnlyMemory<byte> Message)? ahead, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        DotStuffing.Write(wire.Output, message.Span);
        await wire.FlushAsync(options.CommandTimeout);
        wire.Rest();
        if (!await beforeFinalDot(ct))
        {
            Break();
            return MailReply.Own(MailResult.NotSent, "The hand-over was called off before the final dot.");
        }

        ct.ThrowIfCancellationRequested();
        wire.Output.Write(".\r\n"u8);
        if (ahead is { } following && SmtpChecks.Refuse(following.From, following.To, following.Message.Span, offered, out var sender, out var recipient) is null)
        {
            envelope.WriteAhead(sender, recipient, following.Message.Span);
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
