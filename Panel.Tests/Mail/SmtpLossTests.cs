using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>Lost connections, silence and stopping: what is then known about the message (rules F3, A13).</summary>
public sealed class SmtpLossTests
{
    private static readonly byte[] Message = "Subject: x\r\n\r\none line that is long enough to be dropped after\r\nanother\r\n"u8.ToArray();

    [Fact]
    public async Task F3_a_connection_lost_after_the_dot_leaves_the_message_unknown()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => SinkScript.Drop });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        var reply = await SendAsync(connection);

        Assert.Equal(MailResult.Unknown, reply.Result);
        Assert.Contains("may or may not", reply.Words, StringComparison.Ordinal);
        Assert.False(connection.IsOpen);
        Assert.Single(sink.Dotted);
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("rcpt")]
    [InlineData("data")]
    [InlineData("body")]
    public async Task A_connection_lost_before_the_dot_means_not_sent_unless_the_dot_was_on_its_way(string where)
    {
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Mail = _ => where == "mail" ? SinkScript.Drop : "250 Ok",
            Recipient = _ => where == "rcpt" ? SinkScript.Drop : "250 Ok",
            Data = _ => where == "data" ? SinkScript.Drop : "354 Go",
            DropsInMessage = _ => where == "body",
        });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        var committed = false;
        var reply = await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(committed = true), default);

        // Once the dot was on its way nobody can tell, even though this sink never read it.
        Assert.Equal(where == "body" && committed ? MailResult.Unknown : MailResult.NotSent, reply.Result);
        Assert.Equal(where == "body", committed);
        Assert.False(connection.IsOpen);
        Assert.Empty(sink.Accepted);
    }

    [Theory]
    [InlineData("rcpt", 5, 3, MailResult.NotSent)]
    [InlineData("dot", 10, 6, MailResult.Unknown)]
    public async Task A13_silence_is_borne_for_its_time_and_no_longer(string where, int minutes, int waits, MailResult expected)
    {
        var time = new ManualTime();
        await using var sink = ScriptedSink.Start(new SinkScript
        {
            Recipient = _ => where == "rcpt" ? SinkScript.Silence : "250 Ok",
            Dot = _ => where == "dot" ? SinkScript.Silence : "250 Ok",
        });
        var opening = await new SmtpTransport(Options.Create(sink.Options()), time).OpenAsync(default);
        await using var connection = opening.Connection!;

        // One wait for each write and for each reply: only in the last of them may the clock go on.
        var before = time.Armed;
        var sending = SendAsync(connection);
        await UntilAsync(() => time.Armed == before + waits);
        time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        var reply = await sending.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(expected, reply.Result);
        Assert.Contains("in time", reply.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_after_the_dot_waits_for_the_grace_and_then_says_unknown()
    {
        var time = new ManualTime();
        using var stop = new CancellationTokenSource();
        await using var sink = ScriptedSink.Start(new SinkScript { Dot = _ => SinkScript.Silence });
        await using var connection = (await new SmtpTransport(Options.Create(sink.Options()), time).OpenAsync(default)).Connection!;

        var before = time.Armed;
        var sending = SendAsync(connection, stop.Token);
        await UntilAsync(() => time.Armed == before + 6);
        await stop.CancelAsync();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(MailResult.Unknown, (await sending.WaitAsync(TimeSpan.FromSeconds(30))).Result);
    }

    [Fact]
    public async Task A_relay_that_is_not_there_is_a_reason_to_wait()
    {
        var sink = ScriptedSink.Start();
        var options = sink.Options();
        await sink.DisposeAsync();

        var opening = await new SmtpTransport(Options.Create(options), TimeProvider.System).OpenAsync(default);

        Assert.Null(opening.Connection);
        Assert.Equal(MailResult.Deferred, opening.Reply.Result);
    }

    [Fact]
    public async Task A_timeout_said_to_an_idle_connection_is_not_about_the_message()
    {
        var mails = 0;
        await using var sink = ScriptedSink.Start(new SinkScript { Mail = _ => Interlocked.Increment(ref mails) == 1 ? "250 Ok" : "421 4.4.2 Timeout exceeded" });
        await using var connection = await SmtpDialogueTests.OpenAsync(sink);

        Assert.Equal(MailResult.Accepted, (await SendAsync(connection)).Result);
        Assert.Equal(MailResult.NotSent, (await SendAsync(connection)).Result);
        Assert.False(connection.IsOpen);
    }

    private static Task<MailReply> SendAsync(IMailConnection connection, CancellationToken ct = default) =>
        connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(true), ct);

    private static async Task UntilAsync(Func<bool> reached)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!reached())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
