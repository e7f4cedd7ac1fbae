#if MAILKIT
using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MimeKit;
using Panel.Services.Mail.Smtp;

namespace Panel.Services.Mail.Kit;

/// <summary>One connection of MailKit's client, its exceptions read as rule A14 asks.</summary>
internal sealed class MailKitConnection(RawSmtpClient client, SmtpOptions options) : IMailConnection
{
    private volatile bool dotting;
    private bool over;

    public bool IsOpen => !over && client.IsConnected;

    public async Task<MailReply> SendAsync(
        string from, string to, ReadOnlyMemory<byte> message, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!IsOpen)
        {
            return MailReply.Own(MailResult.NotSent, "The connection to the mail relay is closed.");
        }

        if (SmtpChecks.Refuse(from, to, message.Span, Offered(), out var sender, out var recipient) is { } refusal)
        {
            return refusal;
        }

        dotting = false;
        using var ending = new CancellationTokenSource();
        using var stop = ct.UnsafeRegister(_ => Stop(ending), null);
        using var wrapped = RawBody.Wrap(message, token => AskLedgerAsync(beforeFinalDot, ct));
        try
        {
            var words = await client.SendAsync(wrapped, Mailbox(sender), [Mailbox(recipient)], ending.Token);
            return SmtpVerdict.Read(SmtpStage.FinalDot, 250, Encoding.UTF8.GetBytes(words));
        }
        catch (SmtpCommandException no)
        {
            over = no.StatusCode == SmtpStatusCode.ServiceNotAvailable;
            return SmtpVerdict.Read(StageOf(no), (int)no.StatusCode, Encoding.UTF8.GetBytes(no.Message));
        }
        catch (ServiceNotAuthenticatedException no)
        {
            // MailKit's own exception for 530 (RFC 4954 §6), to whichever command it came.
            return SmtpVerdict.Read(SmtpStage.Mail, 530, Encoding.UTF8.GetBytes(no.Message));
        }
        catch (LedgerSaidNo)
        {
            over = true;
            return MailReply.Own(MailResult.NotSent, "The hand-over was called off before the final dot.");
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or SmtpProtocolException or ServiceNotConnectedException or TimeoutException or ObjectDisposedException)
        {
            over = true;
            return Lost(e, ct);
        }
        catch
        {
            over = true;
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (IsOpen)
        {
            using var farewell = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await client.DisconnectAsync(quit: true, farewell.Token);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or SmtpProtocolException)
            {
                // Nothing is left to lose on a connection that is being given up.
            }
        }

        over = true;
        client.Dispose();
    }

    private async Task AskLedgerAsync(Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!await beforeFinalDot(ct))
        {
            throw new LedgerSaidNo();
        }

        ct.ThrowIfCancellationRequested();
        dotting = true;
    }

    private void Stop(CancellationTokenSource ending)
    {
        if (dotting)
        {
            ending.CancelAfter(options.StopGrace);
        }
        else
        {
            ending.Cancel();
        }
    }

    private SmtpStage StageOf(SmtpCommandException no) => no.ErrorCode switch
    {
        SmtpErrorCode.SenderNotAccepted => SmtpStage.Mail,
        SmtpErrorCode.RecipientNotAccepted => SmtpStage.Recipient,
        _ => dotting ? SmtpStage.FinalDot : SmtpStage.Data,
    };

    private MailReply Lost(Exception e, CancellationToken ct)
    {
        var why = ct.IsCancellationRequested ? "The sending was stopped" : $"The connection to the mail relay was lost ({e.GetBaseException().Message.TrimEnd('.')})";
        return dotting
            ? MailReply.Own(MailResult.Unknown, $"{why} after the final dot: the message may or may not have been delivered.")
            : MailReply.Own(MailResult.NotSent, $"{why} before the final dot.");
    }

    private Smtp.SmtpExtensions Offered() => new()
    {
        EightBit = client.Capabilities.HasFlag(SmtpCapabilities.EightBitMime),
        Utf8 = client.Capabilities.HasFlag(SmtpCapabilities.UTF8),
        SizeLimit = client.MaxSize,
    };

    private static MailboxAddress Mailbox(EnvelopeAddress address) => new("", address.Path);

    /// <summary>Thrown inside MailKit's DATA, which then drops the connection as it must.</summary>
    private sealed class LedgerSaidNo : Exception;
}
#endif
