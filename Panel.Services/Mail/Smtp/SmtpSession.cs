using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>Brings a fresh wire to the point where mail may be sent: greeting, EHLO, TLS, sign-in.</summary>
/// <param name="tls">How certificates are checked; its target host is the relay's configured name.</param>
internal sealed class SmtpSession(SmtpWire wire, SmtpOptions options, SslClientAuthenticationOptions tls)
{
    public SmtpExtensions Offered { get; private set; } = SmtpExtensions.None;

    /// <summary>Null when the session is ready; otherwise the reply that ended it.</summary>
    /// <exception cref="IOException">The connection ended.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The certificate is not to be trusted.</exception>
    public async Task<MailReply?> BeginAsync(CancellationToken ct)
    {
        if (options.Security == "tls")
        {
            await SecureAsync(ct);
        }

        var code = await wire.ReadReplyAsync(options.ConnectTimeout);
        if (code != 220)
        {
            return Refusal(SmtpStage.Greeting, code);
        }

        return await HelloAsync() ?? await StartTlsAsync(ct) ?? await SignInAsync();
    }

    private async Task<MailReply?> HelloAsync()
    {
        var name = HelloName();
        var code = await AskAsync($"EHLO {name}");
        if (code == 250)
        {
            Offered = SmtpExtensions.Parse(wire.Text);
            return null;
        }

        if (code is < 500 or 521 or 554)
        {
            return Refusal(SmtpStage.Hello, code);
        }

        // A server that knows no EHLO (RFC 5321 §3.2) has no extensions.
        Offered = SmtpExtensions.None;
        code = await AskAsync($"HELO {name}");
        return code == 250 ? null : Refusal(SmtpStage.Hello, code);
    }

    private async Task<MailReply?> StartTlsAsync(CancellationToken ct)
    {
        if (options.Security != "starttls")
        {
            return null;
        }

        if (!Offered.StartTls)
        {
            return MailReply.Own(MailResult.OurFault, "The mail relay does not offer STARTTLS, and Mail:Smtp:Security asks for it.");
        }

        var code = await AskAsync("STARTTLS");
        if (code != 220)
        {
            return Refusal(SmtpStage.StartTls, code);
        }

        await SecureAsync(ct);
        return await HelloAsync();
    }

    private async Task SecureAsync(CancellationToken ct)
    {
        wire.Watch(options.ConnectTimeout);
        var secured = new SslStream(wire.Stream, leaveInnerStreamOpen: false);
        await secured.AuthenticateAsClientAsync(tls, ct);
        wire.Secure(secured);
    }

    private async Task<MailReply?> SignInAsync()
    {
        if (string.IsNullOrEmpty(options.User))
        {
            return null;
        }

        var password = options.Password ?? "";
        int code;
        if (Offered.AuthPlain)
        {
            code = await AskAsync($"AUTH PLAIN {Base64($"\0{options.User}\0{password}")}");
        }
        else if (Offered.AuthLogin)
        {
            code = await AskAsync("AUTH LOGIN");
            code = code == 334 ? await AskAsync(Base64(options.User)) : code;
            code = code == 334 ? await AskAsync(Base64(password)) : code;
        }
        else
        {
            return MailReply.Own(MailResult.OurFault, "The mail relay offers neither AUTH PLAIN nor AUTH LOGIN on this connection, and Mail:Smtp:User asks for a sign-in.");
        }

        return code == 235 ? null : Refusal(SmtpStage.Auth, code);
    }

    private async ValueTask<int> AskAsync(string line)
    {
        wire.Output.Write(Encoding.UTF8.GetBytes(line));
        wire.Output.Write("\r\n"u8);
        await wire.FlushAsync(options.CommandTimeout);
        return await wire.ReadReplyAsync(options.CommandTimeout);
    }

    /// <summary>A reply of the wrong kind (a 2xx or 3xx that does not fit) is as much our problem as a plain no.</summary>
    private MailReply Refusal(SmtpStage stage, int code)
    {
        var reply = SmtpVerdict.Read(stage, code, wire.Text);
        return reply.Result == MailResult.NotSent ? reply with { Result = MailResult.OurFault } : reply;
    }

    private string HelloName() => options.Hello is { Length: > 0 } name ? name : Dns.GetHostName();

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
