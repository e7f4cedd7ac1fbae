using System.IO.Pipelines;
using System.Text;
using Panel.Services.Mail.Lmtp;

namespace Panel.Tests.Mail;

/// <summary>LMTP conversations (RFC 2033), replayed whole, by line and byte by byte.</summary>
public class LmtpDialogueTests
{
    private const string Hello = "LHLO mx.example\r\n";
    private const string Mail = "MAIL FROM:<>\r\nRCPT TO:<bounce+a@panel.example>\r\n";

    public static TheoryData<int> Pieces => [int.MaxValue, 7, 1];

    [Theory, MemberData(nameof(Pieces))]
    public async Task A_message_is_answered_once_for_each_recipient(int piece)
    {
        var (said, taken) = await SayAsync(
            $"{Hello}{Mail}RCPT TO:<bounce+b@panel.example>\r\nDATA\r\nSubject: x\r\n\r\n..dot\r\n.not stuffed\r\n.\r\nQUIT\r\n", piece);

        Assert.Equal(["220", "250", "250", "250", "250", "354", "250", "250", "221"], Codes(said));
        Assert.Equal(["bounce+a@panel.example", "bounce+b@panel.example"], taken.Select(t => t.Recipient));
        Assert.All(taken, t => Assert.Equal("Subject: x\r\n\r\n.dot\r\nnot stuffed\r\n", Encoding.UTF8.GetString(t.Message.Span)));
        Assert.All(taken, t => Assert.Equal("", t.Sender));
    }

    [Theory, MemberData(nameof(Pieces))]
    public async Task Only_a_dot_between_two_CRLF_ends_a_message(int piece)
    {
        var (_, taken) = await SayAsync($"{Hello}{Mail}DATA\r\na\n.\nb\r.\rc\r\n.\r\r\nd\r\n.\r\nQUIT\r\n", piece);
        Assert.Equal("a\n.\nb\r.\rc\r\n\r\r\nd\r\n", Encoding.UTF8.GetString(Assert.Single(taken).Message.Span));
    }

    [Theory]
    [InlineData("EHLO x\r\n", "500")]
    [InlineData("MAIL FROM:<>\r\n", "503")]
    [InlineData("LHLO\r\n", "501")]
    [InlineData("DATA\r\n", "503")]
    [InlineData("HELP\r\n", "500")]
    public async Task What_comes_out_of_turn_is_refused(string line, string code) => Assert.Equal(["220", code], Codes((await SayAsync(line)).Said));

    [Theory]
    [InlineData("MAIL FROM:<>\r\nRCPT TO:<someone@panel.example>\r\n", "550")]
    [InlineData("MAIL FROM:<>\r\nRCPT TO:<>\r\n", "501")]
    [InlineData("MAIL FROM:<> SIZE=99999999\r\n", "552")]
    [InlineData("MAIL FROM:<a b>\r\n", "501")]
    [InlineData("RCPT TO:<bounce+a@panel.example>\r\n", "503")]
    [InlineData("MAIL FROM:<>\r\nMAIL FROM:<>\r\n", "503")]
    public async Task A17_nobody_is_relayed_for_and_a_forged_address_is_refused(string lines, string code) =>
        Assert.Equal(code, Codes((await SayAsync(Hello + lines)).Said)[^1]);

    [Fact]
    public async Task A_message_that_is_too_big_is_read_away_and_refused()
    {
        var (said, taken) = await SayAsync($"{Hello}{Mail}DATA\r\n{new string('x', 200_000)}\r\n.\r\nNOOP\r\nQUIT\r\n", options: new LmtpOptions { MessageBytes = 65_536 });
        Assert.Equal(["552", "250", "221"], Codes(said)[^3..]);
        Assert.Empty(taken);
    }

    [Fact]
    public async Task What_cannot_be_kept_now_is_asked_for_again() =>
        Assert.Equal("451", Codes((await SayAsync($"{Hello}{Mail}DATA\r\nx\r\n.\r\n", keeps: false)).Said)[^1]);

    [Fact]
    public async Task Nonsense_without_end_is_hung_up_on()
    {
        Assert.Equal("421", Codes((await SayAsync(string.Concat(Enumerable.Repeat("XYZZY\r\n", 40)))).Said)[^1]);
        Assert.Equal("500", Codes((await SayAsync(new string('x', 5_000))).Said)[^1]);
    }

    private static string[] Codes(string said) => [.. said.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Where(l => l[3] != '-').Select(l => l[..3])];

    private static async Task<(string Said, List<IncomingMail> Taken)> SayAsync(string lines, int piece = int.MaxValue, LmtpOptions? options = null, bool keeps = true)
    {
        var taken = new List<IncomingMail>();
        var door = new LmtpDoor(a => a.StartsWith("bounce+", StringComparison.Ordinal), (mail, _) =>
        {
            taken.Add(mail with { Message = mail.Message.ToArray() });
            return Task.FromResult(keeps);
        });
        var (input, output) = (new Pipe(new PipeOptions(pauseWriterThreshold: 0)), new Pipe(new PipeOptions(pauseWriterThreshold: 0)));
        var settings = options ?? new LmtpOptions();
        var running = new LmtpDialogue(new Wire(input.Reader, output.Writer), new LmtpSession(door, "panel.example", settings.MessageBytes), settings, TimeProvider.System).RunAsync(default);
        var bytes = Encoding.UTF8.GetBytes(lines);
        for (var at = 0; at < bytes.Length; at += Math.Min(piece, bytes.Length - at))
        {
            await input.Writer.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
        }

        await input.Writer.CompleteAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30));
        await output.Writer.CompleteAsync();
        using var reader = new StreamReader(output.Reader.AsStream());
        return (await reader.ReadToEndAsync(), taken);
    }

    private sealed record Wire(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
