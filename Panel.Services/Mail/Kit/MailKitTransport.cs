#if MAILKIT
using System.Net.Sockets;
using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using Panel.Services.Mail.Smtp;

namespace Panel.Services.Mail.Kit;

/// <summary>MailKit's client for relays that ours does not suit: SCRAM, OAuth2 and every odd dialect. In builds whose feed has MailKit.</summary>
public sealed class MailKitTransport(IOptions<MailOptions> options) : IMailTransport
{
    private readonly SmtpOptions smtp = options.Value.Smtp;

    public string Name => MailTransports.MailKit;

    public int Connections => smtp.Connections;

    public async Task<MailOpening> OpenAsync(CancellationToken ct)
    {
        var client = new RawSmtpClient { Timeout = (int)smtp.FinalDotTimeout.TotalMilliseconds };
        if (smtp.Hello is { Length: > 0 } hello)
        {
            client.LocalDomain = hello;
        }

        try
        {
            await ConnectAsync(client, ct);
            return new MailOpening(new MailKitConnection(client, smtp), MailReply.Own(MailResult.Accepted, "The mail relay is ready."));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            client.Dispose();
            throw;
        }
        catch (Exception e) when (Refusal(e) is { } reply)
        {
            client.Dispose();
            return new MailOpening(null, reply);
        }
    }

    private async Task ConnectAsync(RawSmtpClient client, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(smtp.ConnectTimeout);

        // As it comes, MailKit's socket waits for Nagle: 44 ms a message.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(smtp.Host, smtp.Port, patience.Token);
            await client.ConnectAsync(socket, smtp.Host, smtp.Port, Security(), patience.Token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (!string.IsNullOrEmpty(smtp.User))
        {
            await client.AuthenticateAsync(Encoding.UTF8, smtp.User, smtp.Password ?? "", patience.Token);
        }
    }

    private SecureSocketOptions Security() => smtp.Security switch
    {
        "tls" => SecureSocketOptions.SslOnConnect,
        "starttls" => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.None,
    };

    private MailReply? Refusal(Exception e) => e switch
    {
        SmtpCommandException no => SmtpVerdict.Read(SmtpStage.Greeting, (int)no.StatusCode, Encoding.UTF8.GetBytes(no.Message)),
        AuthenticationException { InnerException: SmtpCommandException no } => SmtpVerdict.Read(SmtpStage.Auth, (int)no.StatusCode, Encoding.UTF8.GetBytes(no.Message)),
        AuthenticationException or NotSupportedException => MailReply.Own(MailResult.OurFault, $"The sign-in at the mail relay failed: {e.Message}"),
        SslHandshakeException => MailReply.Own(MailResult.OurFault, $"TLS with the mail relay {smtp.Host} failed: {e.GetBaseException().Message}"),
        OperationCanceledException => MailReply.Own(MailResult.Deferred, $"The mail relay {smtp.Host}:{smtp.Port} did not answer in time."),
        SocketException or IOException or SmtpProtocolException or TimeoutException =>
            MailReply.Own(MailResult.Deferred, $"The mail relay {smtp.Host}:{smtp.Port} cannot be reached: {e.GetBaseException().Message}"),
        _ => null,
    };
}
#endif
