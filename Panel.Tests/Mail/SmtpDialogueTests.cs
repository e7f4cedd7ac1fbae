using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

public sealed class SmtpDialogueTests
{
    private static readonly byte[] Message = "Subject: hello\r\n\r\n.one\r\n..two\r\nlast\r\n"u8.ToArray();

    [Theory]
    [InlineData(Pace.Whole, true)]
    [InlineData(Pace.Line, true)]
    [InlineData(Pace.Byte, true)]
    [InlineData(Pace.Whole, false)]
    [InlineData(Pace.Byte, false)]
    public async Task A_dialogue_reads_the_same_whole_by_line_and_by_byte(Pace pace, bool pipelining)
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Pace = pace,
            Extensions = pipelining ? ["PIPELINING", "SIZE 10485760"] : ["SIZE 10485760"],
            Recipient = to => to.StartsWith("no", StringComparison.Ordinal) ? "550-5.1.1 Not\n550 5.1.1 here" : "250 2.1.5 Ok",
            DemandsReset = true,
        });
        await using var connection = await OpenAsync(sink);

        var first = await SendAsync(connection, "ann@a.example");
        var second = await SendAsync(connection, "nobody@a.example");
        var third = await SendAsync(connection, "bob@a.example");

        Assert.Equal(MailResult.Accepted, first.Result);
        Assert.Equal(new MailReply(MailResult.RecipientRefused, 550, "5.1.1", "5.1.1 Not 5.1.1 here"), second);
        Assert.Equal(MailResult.Accepted, third.Result);
        Assert.Equal(["ann@a.example", "bob@a.example"], sink.Accepted.Select(m => m.To));
        Assert.All(sink.Accepted, m => Assert.Equal(Message, m.Bytes));
        Assert.Equal(1, sink.Connections);
    }

    [Fact]
    public async Task H15_a_local_part_outside_ascii_needs_SMTPUTF8()
    {
        await using var with = ScriptedSink.Start();
        await using var without = ScriptedSink.Start(new SinkScript { Extensions = ["PIPELINING"] });
        await using var open = await OpenAsync(with);
        await using var closed = await OpenAsync(without);

        Assert.Equal(MailResult.Accepted, (await SendAsync(open, "jörg@bücher.example")).Result);
        var refused = await SendAsync(closed, "jörg@bücher.example");

        Assert.Equal("jörg@xn--bcher-kva.example", with.Accepted.Single().To);
        Assert.Contains(with.Commands, c => c.EndsWith(" SMTPUTF8", StringComparison.Ordinal));
        Assert.Equal((MailResult.RecipientRefused, "5.6.7"), (refused.Result, refused.Enhanced));
        Assert.DoesNotContain(without.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
        Assert.Equal(MailResult.Accepted, (await SendAsync(closed, "ann@bücher.example")).Result);
    }

    [Fact]
    public async Task F14b_a_reused_connection_is_reset_after_every_refusal()
    {
        var random = new Random(14);
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            DemandsReset = true,
            Recipient = to => to.StartsWith("no", StringComparison.Ordinal) ? "550 5.1.1 No" : "250 Ok",
            Dot = m => m.To.StartsWith("late", StringComparison.Ordinal) ? "554 5.7.1 Spam" : "250 Ok",
        });
        await using var connection = await OpenAsync(sink);

        for (var i = 0; i < 200; i++)
        {
            var kind = random.Next(3);
            var reply = await SendAsync(connection, $"{(kind == 0 ? "no" : kind == 1 ? "late" : "yes")}{i}@a.example");
            Assert.Equal(kind == 2 ? MailResult.Accepted : MailResult.RecipientRefused, reply.Result);
        }

        Assert.Equal(1, sink.Connections);
    }

    [Fact]
    public async Task A_server_that_opens_DATA_for_nobody_gets_a_lone_dot()
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            OpensDataForNobody = true,
            Recipient = to => to.StartsWith("no", StringComparison.Ordinal) ? "550 5.1.1 No" : "250 Ok",
        });
        await using var connection = await OpenAsync(sink);

        Assert.Equal(MailResult.RecipientRefused, (await SendAsync(connection, "no@a.example")).Result);
        Assert.Equal(MailResult.Accepted, (await SendAsync(connection, "yes@a.example")).Result);
        Assert.Equal("yes@a.example", Assert.Single(sink.Accepted).To);
        Assert.Empty(sink.Dotted.First().Bytes);
    }

    [Fact]
    public async Task A_server_without_EHLO_is_greeted_with_HELO()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Ehlo = "502 5.5.2 What?" });
        await using var connection = await OpenAsync(sink);

        Assert.Equal(MailResult.Accepted, (await SendAsync(connection, "ann@a.example")).Result);
        Assert.Contains("MAIL FROM:<from@b.example>", sink.Commands);
    }

    [Theory]
    [InlineData("a@b.example>\r\nRCPT TO:<c@d.example")]
    [InlineData("a\r@b.example")]
    [InlineData("a\0@b.example")]
    [InlineData("a@b.example\n")]
    [InlineData("\"a\r\nDATA\"@b.example")]
    [InlineData("no-at.example")]
    [InlineData("a@-b.example")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345@b.example")]
    public async Task V11_an_address_can_end_no_command(string hostile)
    {
        await using var sink = ScriptedSink.Start();
        await using var connection = await OpenAsync(sink);

        Assert.Equal(MailResult.RecipientRefused, (await SendAsync(connection, hostile)).Result);
        Assert.Equal(MailResult.OurFault, (await SendAsync(connection, "ann@a.example", from: hostile)).Result);
        Assert.DoesNotContain(sink.Commands, c => c.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Subject: a\nb\r\n\r\n")]
    [InlineData("Subject: a\rb\r\n\r\n")]
    [InlineData("Subject: a\r\n\r\nx\n.\r\nMAIL FROM:<evil@a.example>\r\n")]
    public async Task H8_a_lone_CR_or_LF_is_never_sent(string message)
    {
        await using var sink = ScriptedSink.Start();
        await using var connection = await OpenAsync(sink);

        var reply = await connection.SendAsync("from@b.example", "ann@a.example", System.Text.Encoding.ASCII.GetBytes(message), _ => Task.FromResult(true), default);

        Assert.Equal(MailResult.OurFault, reply.Result);
        Assert.Empty(sink.Dotted);
    }

    [Fact]
    public async Task The_relays_words_are_kept_short_and_without_controls()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Recipient = _ => $"550 5.7.1 \u001b[31mred\u202e{new string('x', 900)}" });
        await using var connection = await OpenAsync(sink);

        var reply = await SendAsync(connection, "ann@a.example");

        Assert.Equal(512, reply.Words.Length);
        Assert.DoesNotContain(reply.Words, c => char.IsControl(c) || c == '\u202e');
    }

    internal static async Task<IMailConnection> OpenAsync(ScriptedSink sink, Action<SmtpOptions>? change = null)
    {
        var opening = await new SmtpTransport(Options.Create(sink.Options(change)), TimeProvider.System).OpenAsync(default);
        return opening.Connection ?? throw new InvalidOperationException(opening.Reply.Words);
    }

    private static Task<MailReply> SendAsync(IMailConnection connection, string to, string from = "from@b.example") =>
        connection.SendAsync(from, to, Message, _ => Task.FromResult(true), default);
}
