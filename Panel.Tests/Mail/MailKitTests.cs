#if MAILKIT
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Kit;

namespace Panel.Tests.Mail;

/// <summary>Rule A14 and lost connections through MailKit, whose exceptions have to be read back into replies.</summary>
public sealed class MailKitTests
{
    [Theory]
    [InlineData("rcpt", "550 5.1.1 No such user", MailResult.RecipientRefused)]
    [InlineData("rcpt", "450 4.2.0 Greylisted", MailResult.Deferred)]
    [InlineData("rcpt", "421 4.7.0 Slow down", MailResult.Deferred)]
    [InlineData("rcpt", "530 5.7.0 Authentication required", MailResult.OurFault)]
    [InlineData("mail", "550 5.7.1 Sender denied", MailResult.OurFault)]
    [InlineData("mail", "451 4.1.8 DNS trouble", MailResult.Deferred)]
    [InlineData("data", "554 5.5.1 No", MailResult.RecipientRefused)]
    [InlineData("data", "451 4.3.0 Not now", MailResult.Deferred)]
    [InlineData("dot", "554 5.7.1 Spam", MailResult.RecipientRefused)]
    [InlineData("dot", "452 4.3.1 Disk full", MailResult.Deferred)]
    [InlineData("dot", SinkScript.Drop, MailResult.Unknown)]
    [InlineData("data", SinkScript.Drop, MailResult.NotSent)]
    [InlineData("rcpt", SinkScript.Drop, MailResult.NotSent)]
    [InlineData("greeting", "554 5.7.1 You are listed", MailResult.OurFault)]
    [InlineData("greeting", "421 4.3.2 Busy", MailResult.Deferred)]
    [InlineData("auth", "535 5.7.8 Wrong password", MailResult.OurFault)]
    [InlineData("auth", "454 4.7.0 Temporary", MailResult.Deferred)]
    public async Task A14_a_reply_is_read_by_where_it_came(string where, string reply, MailResult expected)
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Extensions = ["PIPELINING", "AUTH PLAIN"],
            Greeting = where == "greeting" ? reply : "220 sink.example ESMTP",
            Auth = where == "auth" ? reply : "235 Ok",
            Mail = _ => where == "mail" ? reply : "250 Ok",
            Recipient = _ => where == "rcpt" ? reply : "250 Ok",
            Data = _ => where == "data" ? reply : "354 Go",
            Dot = _ => where == "dot" ? reply : "250 Ok",
        });

        var opening = await new MailKitTransport(Options.Create(sink.Options(o => (o.User, o.Password) = ("ann", "secret")))).OpenAsync(default);
        var said = opening.Connection is { } open ? await open.SendAsync("from@b.example", "ann@a.example", "Subject: x\r\n\r\nx\r\n"u8.ToArray(), _ => Task.FromResult(true), default) : opening.Reply;

        Assert.Equal(expected, said.Result);
        Assert.True(reply == SinkScript.Drop || said.Words.Contains(reply[4..], StringComparison.Ordinal), said.Words);
        if (opening.Connection is { } connection)
        {
            await connection.DisposeAsync();
        }
    }
}
#endif
