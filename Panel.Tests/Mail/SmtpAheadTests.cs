using Panel.Services.Mail;

namespace Panel.Tests.Mail;

/// <summary>The envelope of the next message goes along with the final dot of the one before it (RFC 2920 §3.1).</summary>
public sealed class SmtpAheadTests
{
    private static readonly byte[] Message = "Subject: hello\r\n\r\n.one\r\nlast\r\n"u8.ToArray();

    [Theory]
    [InlineData(Pace.Whole, true)]
    [InlineData(Pace.Line, true)]
    [InlineData(Pace.Byte, true)]
    [InlineData(Pace.Whole, false)]
    public async Task Announced_messages_arrive_once_each_in_order(Pace pace, bool pipelining)
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Pace = pace,
            Extensions = pipelining ? ["PIPELINING", "SIZE 10485760"] : ["SIZE 10485760"],
            Recipient = to => to.StartsWith("no", StringComparison.Ordinal) ? "550 5.1.1 Not here" : "250 2.1.5 Ok",
            DemandsReset = true,
        });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        var replies = await SendAllAsync(connection, "a@a.example", "b@a.example", "no@a.example", "c@a.example", "d@a.example");

        Assert.Equal(["a@a.example", "b@a.example", "c@a.example", "d@a.example"], sink.Accepted.Select(m => m.To));
        Assert.All(sink.Accepted, m => Assert.Equal(Message, m.Bytes));
        Assert.Equal((MailResult.RecipientRefused, 550), (replies[2].Result, replies[2].Code));
        Assert.Equal(1, sink.Connections);
    }

    [Fact]
    public async Task The_server_is_asked_for_the_next_message_before_it_has_answered_the_dot()
    {
        await using var sink = ScriptedSink.Start();
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        connection.AnnounceNext("from@b.example", "b@a.example", Message);
        var first = await connection.SendAsync("from@b.example", "a@a.example", Message, _ => Task.FromResult(true), default);
        var deadline = DateTime.UtcNow.AddSeconds(10);
        while (sink.Commands.Count(c => c == "DATA") < 2 && DateTime.UtcNow < deadline)
        {
            await Task.Yield();
        }

        // Nothing of the second message was handed over: it has no dot, so nothing arrived.
        Assert.Equal(MailResult.Accepted, first.Result);
        Assert.Equal(2, sink.Commands.Count(c => c == "DATA"));
        Assert.Equal("a@a.example", Assert.Single(sink.Dotted).To);
    }

    [Fact]
    public async Task Another_message_than_the_announced_one_is_not_sent_and_ends_the_connection()
    {
        await using var sink = ScriptedSink.Start();
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        connection.AnnounceNext("from@b.example", "b@a.example", Message);
        await connection.SendAsync("from@b.example", "a@a.example", Message, _ => Task.FromResult(true), default);
        var other = await connection.SendAsync("from@b.example", "c@a.example", Message, _ => Task.FromResult(true), default);

        Assert.Equal(MailResult.NotSent, other.Result);
        Assert.False(connection.IsOpen);
        Assert.Equal("a@a.example", Assert.Single(sink.Dotted).To);
    }

    [Fact]
    public async Task A_connection_given_up_after_an_announcement_says_nothing_that_could_be_taken_for_the_message()
    {
        await using var sink = ScriptedSink.Start();
        await using (var connection = await SmtpDialogueTests.OpenAsync(sink))
        {
            connection.AnnounceNext("from@b.example", "b@a.example", Message);
            await connection.SendAsync("from@b.example", "a@a.example", Message, _ => Task.FromResult(true), default);
        }

        await using var later = await SmtpDialogueTests.OpenAsync(sink);
        await later.SendAsync("from@b.example", "c@a.example", Message, _ => Task.FromResult(true), default);
        Assert.Equal(["a@a.example", "c@a.example"], sink.Dotted.Select(m => m.To));
    }

    [Fact]
    public async Task F14b_a_server_that_keeps_the_sender_of_a_refused_message_costs_a_connection_and_nobody()
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            DemandsReset = true,
            Dot = m => m.To.StartsWith("late", StringComparison.Ordinal) ? "554 5.7.1 Spam" : "250 Ok",
        });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        var replies = await SendAllAsync(connection, "late@a.example", "b@a.example");

        Assert.Equal(MailResult.RecipientRefused, replies[0].Result);
        Assert.Equal(MailResult.NotSent, replies[1].Result);
        Assert.False(connection.IsOpen);
    }

    [Fact]
    public async Task A_goodbye_after_the_dot_leaves_the_announced_message_unsent()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => "421 4.3.2 Closing" });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        connection.AnnounceNext("from@b.example", "b@a.example", Message);
        var first = await connection.SendAsync("from@b.example", "a@a.example", Message, _ => Task.FromResult(true), default);

        Assert.Equal(MailResult.Deferred, first.Result);
        Assert.False(connection.IsOpen);
    }

    private static async Task<List<MailReply>> SendAllAsync(IMailConnection connection, params string[] people)
    {
        var replies = new List<MailReply>();
        for (var i = 0; i < people.Length; i++)
        {
            if (i + 1 < people.Length)
            {
                connection.AnnounceNext("from@b.example", people[i + 1], Message);
            }

            replies.Add(await connection.SendAsync("from@b.example", people[i], Message, _ => Task.FromResult(true), default));
        }

        return replies;
    }
}
