using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>TLS and sign-in: never less than what was asked for.</summary>
public sealed class SmtpSecurityTests : IDisposable
{
    private static readonly string[] WithTls = ["PIPELINING", "STARTTLS", "AUTH PLAIN LOGIN"];

    private readonly X509Certificate2 certificate = MakeCertificate("localhost");

    public void Dispose() => certificate.Dispose();

    [Theory]
    [InlineData("tls")]
    [InlineData("starttls")]
    public async Task A_trusted_certificate_opens_and_the_password_goes_over_TLS(string security)
    {
        await using var sink = ScriptedSink.Start(Script(security));
        var reply = await SendAsync(sink, security, Trusting(certificate));

        Assert.Equal(MailResult.Accepted, reply.Result);
        Assert.Single(sink.Accepted);
        Assert.Equal(security == "tls" ? 1 : 2, sink.Commands.Count(c => c.StartsWith("EHLO", StringComparison.Ordinal)));
        Assert.Contains($"AUTH PLAIN {Convert.ToBase64String("\0ann\0sécret"u8)}", sink.Commands);
        Assert.True(security == "tls" || sink.Commands.ToList().IndexOf("STARTTLS") < sink.Commands.ToList().FindIndex(c => c.StartsWith("AUTH", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("starttls")]
    public async Task An_unknown_certificate_is_our_fault_and_no_password_is_said(string security)
    {
        await using var sink = ScriptedSink.Start(Script(security));
        var reply = await SendAsync(sink, security, null);

        Assert.Equal(MailResult.OurFault, reply.Result);
        Assert.Contains("TLS", reply.Words, StringComparison.Ordinal);
        Assert.DoesNotContain(sink.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_certificate_of_another_name_is_refused()
    {
        using var other = MakeCertificate("other.example");
        await using var sink = ScriptedSink.Start(new SinkScript { Certificate = other, TlsAtOnce = true });

        Assert.Equal(MailResult.OurFault, (await SendAsync(sink, "tls", Trusting(other))).Result);
        Assert.Empty(sink.Commands);
    }

    [Fact]
    public async Task A_relay_without_STARTTLS_is_never_used_in_the_clear()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Extensions = ["PIPELINING", "AUTH PLAIN"] });
        var reply = await SendAsync(sink, "starttls", null);

        Assert.Equal(MailResult.OurFault, reply.Result);
        Assert.Contains("STARTTLS", reply.Words, StringComparison.Ordinal);
        Assert.DoesNotContain(sink.Commands, c => c.StartsWith("AUTH", StringComparison.Ordinal) || c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task V11_replies_injected_before_TLS_are_not_believed()
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Certificate = certificate,
            Extensions = WithTls,
            Injected = "\n250-evil.example\n250 AUTH PLAIN\n235 Welcome",
            Auth = "535 5.7.8 No",
        });
        var reply = await SendAsync(sink, "starttls", Trusting(certificate));

        // Either the real answer was read over TLS, or the handshake failed; the forged welcome never counts.
        Assert.NotEqual(MailResult.Accepted, reply.Result);
        Assert.Empty(sink.Accepted);
    }

    [Fact]
    public async Task AUTH_LOGIN_serves_where_PLAIN_is_not_offered()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Extensions = ["AUTH=LOGIN"] });

        Assert.Equal(MailResult.Accepted, (await SendAsync(sink, "none", null)).Result);
        Assert.Equal([Convert.ToBase64String("ann"u8), Convert.ToBase64String("sécret"u8)], sink.Commands.Skip(2).Take(2));
    }

    [Fact]
    public async Task A_relay_that_offers_no_sign_in_is_our_fault_to_solve()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Extensions = ["AUTH CRAM-MD5"] });

        Assert.Contains("Mail:Smtp:User", (await SendAsync(sink, "none", null)).Words, StringComparison.Ordinal);
    }

    private SinkScript Script(string security) => new() { Certificate = certificate, TlsAtOnce = security == "tls", Extensions = WithTls };

    private static async Task<MailReply> SendAsync(ScriptedSink sink, string security, X509ChainPolicy? trust)
    {
        var options = sink.Options(o => (o.Host, o.Security, o.User, o.Password) = ("localhost", security, "ann", "sécret"));
        var opening = await new SmtpTransport(Options.Create(options), TimeProvider.System, trust).OpenAsync(default);
        if (opening.Connection is not { } connection)
        {
            return opening.Reply;
        }

        await using (connection)
        {
            return await connection.SendAsync("from@b.example", "ann@a.example", "Subject: x\r\n\r\nx\r\n"u8.ToArray(), _ => Task.FromResult(true), default);
        }
    }

    private static X509ChainPolicy Trusting(X509Certificate2 root) =>
        new() { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, RevocationMode = X509RevocationMode.NoCheck };

    private static X509Certificate2 MakeCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Parse("192.0.2.1"));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
