using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Panel.Services.Mail.Smtp;

/// <summary>Our own client for one relay, made for speed: few writes, no Nagle, hardly an allocation per message.</summary>
/// <param name="trust">Instead of the machine's roots, for relays with a root of their own; null checks as usual.</param>
public sealed class SmtpTransport(IOptions<MailOptions> options, TimeProvider time, X509ChainPolicy? trust = null) : IMailTransport
{
    private readonly SmtpOptions smtp = options.Value.Smtp;

    public string Name => MailTransports.Smtp;

    public int Connections => smtp.Connections;

    public async Task<MailOpening> OpenAsync(CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SmtpWire? wire = null;
        try
        {
            using var patience = new CancellationTokenSource(smtp.ConnectTimeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
            await socket.ConnectAsync(smtp.Host, smtp.Port, both.Token);
            wire = new SmtpWire(socket, time);
            var session = new SmtpSession(wire, smtp, Tls());
            using var stop = ct.UnsafeRegister(static w => ((SmtpWire)w!).Abort(), wire);
            if (await session.BeginAsync(ct) is { } refused)
            {
                await wire.DisposeAsync();
                return new MailOpening(null, refused);
            }

            wire.Rest();
            return new MailOpening(new SmtpConnection(wire, session.Offered, smtp), MailReply.Own(MailResult.Accepted, "The mail relay is ready."));
        }
        catch (AuthenticationException e)
        {
            await CloseAsync(socket, wire);
            return new MailOpening(null, MailReply.Own(MailResult.OurFault, $"TLS with the mail relay {smtp.Host} failed: {e.GetBaseException().Message}"));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            await CloseAsync(socket, wire);
            ct.ThrowIfCancellationRequested();
            var why = wire is { TimedOut: true } || e is OperationCanceledException ? "it did not answer in time" : e.GetBaseException().Message;
            return new MailOpening(null, MailReply.Own(MailResult.Deferred, $"The mail relay {smtp.Host}:{smtp.Port} cannot be reached: {why}"));
        }
    }

    private SslClientAuthenticationOptions Tls() => new()
    {
        TargetHost = smtp.Host,
        CertificateChainPolicy = trust,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
    };

    private static async ValueTask CloseAsync(Socket socket, SmtpWire? wire)
    {
        if (wire is not null)
        {
            await wire.DisposeAsync();
        }

        socket.Dispose();
    }
}
