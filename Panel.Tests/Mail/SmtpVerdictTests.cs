using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>Rule A14: whose fault a reply is depends on where it came.</summary>
public sealed class SmtpVerdictTests
{
    private const string Ok = "250 2.0.0 Ok";

    [Theory]
    // The recipient.
    [InlineData("rcpt", "550 5.1.1 No such user", MailResult.RecipientRefused, "5.1.1")]
    [InlineData("rcpt", "550 User unknown", MailResult.RecipientRefused, null)]
    [InlineData("rcpt", "551 5.1.6 Moved", MailResult.RecipientRefused, "5.1.6")]
    [InlineData("rcpt", "552 5.2.2 Mailbox full", MailResult.RecipientRefused, "5.2.2")]
    [InlineData("rcpt", "553 5.1.3 Bad address", MailResult.RecipientRefused, "5.1.3")]
    [InlineData("rcpt", "554 5.7.1 Relay access denied", MailResult.RecipientRefused, "5.7.1")]
    [InlineData("rcpt", "556 5.1.10 Domain takes no mail", MailResult.RecipientRefused, "5.1.10")]
    [InlineData("rcpt", "501 5.1.3 Bad recipient address syntax", MailResult.RecipientRefused, "5.1.3")]
    [InlineData("rcpt", "504 5.5.2 Need fully-qualified address", MailResult.RecipientRefused, "5.5.2")]
    [InlineData("rcpt", "450 4.2.0 Greylisted", MailResult.Deferred, "4.2.0")]
    [InlineData("rcpt", "451 4.3.0 Try again", MailResult.Deferred, "4.3.0")]
    [InlineData("rcpt", "452 4.2.2 Over quota", MailResult.Deferred, "4.2.2")]
    [InlineData("rcpt", "452 4.5.3 Too many recipients", MailResult.Deferred, "4.5.3")]
    [InlineData("rcpt", "454 4.7.0 Not now", MailResult.Deferred, "4.7.0")]
    [InlineData("rcpt", "421 4.7.0 Slow down", MailResult.Deferred, "4.7.0")]
    [InlineData("rcpt", "530 5.7.0 Authentication required", MailResult.OurFault, "5.7.0")]
    [InlineData("rcpt", "503 5.5.1 Bad sequence", MailResult.OurFault, "5.5.1")]
    [InlineData("rcpt", "500 5.5.2 What?", MailResult.OurFault, "5.5.2")]
    [InlineData("rcpt", "251 2.1.5 Will forward", MailResult.Accepted, "2.0.0")]
    // The message.
    [InlineData("data", "554 5.5.1 No", MailResult.RecipientRefused, "5.5.1")]
    [InlineData("data", "451 4.3.0 Not now", MailResult.Deferred, "4.3.0")]
    [InlineData("data", "421 4.3.2 Closing", MailResult.Deferred, "4.3.2")]
    [InlineData("dot", "554 5.7.1 Spam", MailResult.RecipientRefused, "5.7.1")]
    [InlineData("dot", "550 5.7.515 Sender not authenticated", MailResult.RecipientRefused, "5.7.515")]
    [InlineData("dot", "552 5.3.4 Too big", MailResult.RecipientRefused, "5.3.4")]
    [InlineData("dot", "451 4.7.1 Later", MailResult.Deferred, "4.7.1")]
    [InlineData("dot", "452 4.3.1 Disk full", MailResult.Deferred, "4.3.1")]
    [InlineData("dot", "421 4.7.28 Rate limited", MailResult.Deferred, "4.7.28")]
    [InlineData("dot", "250 Ok", MailResult.Accepted, null)]
    [InlineData("dot", "250 2.6.0 Queued", MailResult.Accepted, "2.6.0")]
    // Us.
    [InlineData("mail", "550 5.7.1 Sender denied", MailResult.OurFault, "5.7.1")]
    [InlineData("mail", "553 5.1.8 Sender domain not found", MailResult.OurFault, "5.1.8")]
    [InlineData("mail", "530 5.7.0 Authentication required", MailResult.OurFault, "5.7.0")]
    [InlineData("mail", "501 5.1.7 Bad sender", MailResult.OurFault, "5.1.7")]
    [InlineData("mail", "451 4.1.8 DNS trouble", MailResult.Deferred, "4.1.8")]
    [InlineData("mail", "421 4.7.0 Too many", MailResult.Deferred, "4.7.0")]
    [InlineData("greeting", "554 5.7.1 You are listed", MailResult.OurFault, "5.7.1")]
    [InlineData("greeting", "521 5.3.2 No mail here", MailResult.OurFault, "5.3.2")]
    [InlineData("greeting", "421 4.3.2 Busy", MailResult.Deferred, "4.3.2")]
    [InlineData("greeting", "450 4.7.1 Later", MailResult.Deferred, "4.7.1")]
    [InlineData("ehlo", "554 5.7.1 Go away", MailResult.OurFault, "5.7.1")]
    [InlineData("ehlo", "421 4.3.2 Busy", MailResult.Deferred, "4.3.2")]
    [InlineData("auth", "535 5.7.8 Wrong password", MailResult.OurFault, "5.7.8")]
    [InlineData("auth", "534 5.7.9 Too weak", MailResult.OurFault, "5.7.9")]
    [InlineData("auth", "454 4.7.0 Temporary", MailResult.Deferred, "4.7.0")]
    public async Task A14_a_reply_is_read_by_where_it_came(string where, string reply, MailResult expected, string? enhanced)
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Extensions = ["PIPELINING", "AUTH PLAIN"],
            Greeting = where == "greeting" ? reply : "220 sink.example ESMTP",
            Ehlo = where == "ehlo" ? reply : "",
            Auth = where == "auth" ? reply : "235 Ok",
            Mail = _ => where == "mail" ? reply : Ok,
            Recipient = _ => where == "rcpt" ? reply : Ok,
            Data = _ => where == "data" ? reply : "354 Go",
            Dot = _ => where == "dot" ? reply : Ok,
        });

        var opening = await new SmtpTransport(Microsoft.Extensions.Options.Options.Create(sink.Options(o => (o.User, o.Password) = ("ann", "secret"))), TimeProvider.System).OpenAsync(default);
        Assert.Equal(where is "greeting" or "ehlo" or "auth", opening.Connection is null);
        var said = opening.Connection is { } open ? await open.SendAsync("from@b.example", "ann@a.example", "Subject: x\r\n\r\nx\r\n"u8.ToArray(), _ => Task.FromResult(true), default) : opening.Reply;

        Assert.Equal((expected, enhanced), (said.Result, said.Enhanced));
        Assert.Equal(reply.StartsWith("251", StringComparison.Ordinal) ? Ok : reply, $"{said.Code} {said.Words}");
        if (opening.Connection is { } connection)
        {
            Assert.Equal(!reply.StartsWith("421", StringComparison.Ordinal), connection.IsOpen);
            await connection.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("2xx")]
    [InlineData("220")]
    [InlineData("hello there")]
    [InlineData("250-half\n354 another")]
    [InlineData("354 Go on")]
    public async Task Nonsense_ends_the_connection_and_nothing_counts_as_sent(string nonsense)
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Recipient = _ => nonsense });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        var reply = await connection.SendAsync("from@b.example", "ann@a.example", "Subject: x\r\n\r\nx\r\n"u8.ToArray(), _ => Task.FromResult(true), default);

        Assert.Equal(MailResult.NotSent, reply.Result);
        Assert.False(connection.IsOpen);
        Assert.Empty(sink.Accepted);
    }
}
