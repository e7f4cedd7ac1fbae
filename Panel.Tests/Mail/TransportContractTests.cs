using System.Text;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Pickup;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>What every transport promises, whatever is behind it.</summary>
public abstract class TransportContract : IAsyncLifetime
{
    private static readonly byte[] Message = Encoding.ASCII.GetBytes("Message-ID: <one@b.example>\r\nSubject: hello\r\nDate: x\r\n\r\n.dot\r\n..dots\r\n=C3=A4=\r\n \t tail  \r\nend\r\n");

    protected IMailTransport Transport { get; set; } = null!;

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>What arrived: recipient and the bytes, exactly.</summary>
    protected abstract IReadOnlyList<(string To, byte[] Bytes)> Arrived();

    [Fact]
    public async Task The_bytes_arrive_as_they_are()
    {
        await using var connection = await OpenAsync();
        var reply = await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(true), default);

        Assert.Equal(MailResult.Accepted, reply.Result);
        var (to, bytes) = Assert.Single(Arrived());
        Assert.Equal("ann@a.example", to);
        Assert.Equal(Message, bytes);
    }

    [Fact]
    public async Task A_whole_signed_issue_arrives_byte_for_byte_again_and_again_on_one_connection()
    {
        await using var connection = await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            var person = Samples.Person($"P{i} ünï", $"p{i}@a.example") with { MessageId = $"{i}@b.example" };
            Assert.Equal(MailResult.Accepted, (await connection.SendAsync("", person.To, Samples.Message(person), _ => Task.FromResult(true), default)).Result);
        }

        Assert.Equal(20, Arrived().Count);
        Assert.All(Arrived(), m => Assert.Contains(Enumerable.Range(0, 20), i =>
            m.Bytes.AsSpan().SequenceEqual(Samples.Message(Samples.Person($"P{i} ünï", $"p{i}@a.example") with { MessageId = $"{i}@b.example" }))));
    }

    [Fact]
    public async Task Nothing_has_arrived_while_the_ledger_is_being_written()
    {
        await using var connection = await OpenAsync();
        var before = -1;
        await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => { before = Arrived().Count; return Task.FromResult(true); }, default);

        Assert.Equal(0, before);
        Assert.Single(Arrived());
    }

    [Fact]
    public async Task A_no_from_the_ledger_means_not_sent_and_ends_the_connection()
    {
        await using var connection = await OpenAsync();
        var reply = await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(false), default);

        Assert.Equal(MailResult.NotSent, reply.Result);
        Assert.False(connection.IsOpen);
        Assert.Empty(Arrived());
        Assert.Equal(MailResult.NotSent, (await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(true), default)).Result);
    }

    [Fact]
    public async Task An_error_of_the_ledger_comes_through_and_nothing_is_sent()
    {
        await using var connection = await OpenAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            connection.SendAsync("from@b.example", "ann@a.example", Message, _ => throw new InvalidOperationException("ledger"), default));

        Assert.Empty(Arrived());
    }

    [Fact]
    public async Task Cancelled_before_the_dot_means_not_sent()
    {
        using var stop = new CancellationTokenSource();
        await using var connection = await OpenAsync();
        var reply = await connection.SendAsync("from@b.example", "ann@a.example", Message, async _ => { await stop.CancelAsync(); return true; }, stop.Token);

        Assert.Equal(MailResult.NotSent, reply.Result);
        Assert.Empty(Arrived());
    }

    [Theory]
    [InlineData("a@b.example>\r\nRCPT TO:<c@d.example")]
    [InlineData("a\n@b.example")]
    [InlineData("no-at")]
    public async Task A_hostile_recipient_is_refused(string to)
    {
        await using var connection = await OpenAsync();
        Assert.Equal(MailResult.RecipientRefused, (await connection.SendAsync("from@b.example", to, Message, _ => Task.FromResult(true), default)).Result);
        Assert.Empty(Arrived());
        Assert.Equal(MailResult.Accepted, (await connection.SendAsync("from@b.example", "ann@a.example", Message, _ => Task.FromResult(true), default)).Result);
    }

    protected async Task<IMailConnection> OpenAsync()
    {
        var opening = await Transport.OpenAsync(default);
        Assert.True(opening.Connection is not null, opening.Reply.Words);
        return opening.Connection;
    }
}

public abstract class RelayContract : TransportContract
{
    protected ScriptedSink Sink { get; } = ScriptedSink.Start();

    public override async Task DisposeAsync() => await Sink.DisposeAsync();

    protected override IReadOnlyList<(string To, byte[] Bytes)> Arrived() => [.. Sink.Accepted.Select(m => (m.To, m.Bytes))];
}

public sealed class SmtpContractTests : RelayContract
{
    public override Task InitializeAsync()
    {
        Transport = new SmtpTransport(Options.Create(Sink.Options()), TimeProvider.System);
        return Task.CompletedTask;
    }
}

#if MAILKIT
public sealed class MailKitContractTests : RelayContract
{
    public override Task InitializeAsync()
    {
        Transport = new Panel.Services.Mail.Kit.MailKitTransport(Options.Create(Sink.Options()));
        return Task.CompletedTask;
    }
}
#endif

public sealed class PickupContractTests : TransportContract
{
    private readonly TempFolder folder = new();

    public override Task InitializeAsync()
    {
        Transport = new PickupTransport(Options.Create(new PickupOptions { Folder = folder.In("outbox") }), Options.Create(new MailOptions()));
        return Task.CompletedTask;
    }

    public override Task DisposeAsync()
    {
        folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task The_same_message_to_the_same_person_never_makes_a_second_file()
    {
        await using var connection = await OpenAsync();
        for (var i = 0; i < 3; i++)
        {
            await connection.SendAsync("", "zoe@reader.example", Samples.Message(Samples.Person() with { Date = Samples.Noon.AddDays(i) }), _ => Task.FromResult(true), default);
        }

        await connection.SendAsync("", "other@reader.example", Samples.Message(), _ => Task.FromResult(true), default);
        Assert.Equal(2, Directory.GetFiles(folder.In("outbox")).Length);
    }

    [Fact]
    public async Task The_envelope_is_the_first_two_lines_of_the_file()
    {
        await using var connection = await OpenAsync();
        await connection.SendAsync("bounce@b.example", "zoe@reader.example", Samples.Message(), _ => Task.FromResult(true), default);

        var lines = await File.ReadAllLinesAsync(Assert.Single(Directory.GetFiles(folder.In("outbox"), "*.eml")));
        Assert.Equal(["X-Envelope-From: <bounce@b.example>", "X-Envelope-To: <zoe@reader.example>"], lines[..2]);
    }

    [Fact]
    public async Task An_outbox_that_cannot_be_written_is_our_fault()
    {
        await using var connection = await OpenAsync();
        Directory.Delete(folder.In("outbox"), recursive: true);

        var reply = await connection.SendAsync("", "zoe@reader.example", Samples.Message(), _ => Task.FromResult(true), default);
        Assert.Equal(MailResult.OurFault, reply.Result);
    }

    protected override IReadOnlyList<(string To, byte[] Bytes)> Arrived() => [.. Directory.GetFiles(folder.In("outbox"), "*.eml").Order(StringComparer.Ordinal).Select(path =>
    {
        var bytes = File.ReadAllBytes(path);
        var envelope = bytes.AsSpan().IndexOf("\r\n"u8) + 2;
        var to = envelope + bytes.AsSpan(envelope).IndexOf("\r\n"u8);
        return (Encoding.UTF8.GetString(bytes[(envelope + "X-Envelope-To: <".Length)..(to - 1)]), bytes[(to + 2)..]);
    })];
}
