using System.Diagnostics;
using System.Globalization;
using System.Text;
#if MAILKIT
using System.Net.Sockets;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
#endif

namespace Panel.Bench.Mail;

/// <summary>The rows "against MailKit" and "against mlmmj": a whole issue (each mail written for one person, each hand-over durable)
/// against what others send into the same smtp-sink. Mailman 3 is left out: it wants a Python of its own, a database and a web server.</summary>
internal static class PeerRows
{
    private const int Connections = 8, Mails = 8_000, Slow = 400;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        var runs = await IssueRow.MeasureAsync(runs: 3);
        var ours = runs.Select(r => r.Panel).Order().ElementAt(runs.Count / 2);
        var size = (int)runs[0].BytesPerMail;
        return [await MailKitAsync(ours, size), await MlmmjAsync(ours, size, 100 * Slow, quick: true), await MlmmjAsync(ours, size, Slow, quick: false)];
    }

    private static Row Of(string peer, double ours, double theirs, double target, string note) => new(
        $"issue into a sink against {peer}", $"{ours:N0}/s", $"{theirs:N0}/s", ours / theirs, string.Create(CultureInfo.InvariantCulture, $">= {target}"), ours / theirs >= target, note);

    private static Row LeftOut(string peer, double ours, double target, string why) =>
        new($"issue into a sink against {peer}", $"{ours:N0}/s", "-", null, string.Create(CultureInfo.InvariantCulture, $">= {target}"), false, $"left out: {why}");

    private static async Task<Row> MlmmjAsync(double ours, int size, int people, bool quick)
    {
        var name = quick ? "mlmmj, its best" : "mlmmj as it comes";
        if (Mlmmj.Unpack() is { } not)
        {
            return LeftOut(name, ours, 3, not);
        }

        await using var mlmmj = await Mlmmj.StartAsync(quick);
        await mlmmj.SendAsync(people / 10, size);
        return Of(name, ours, people / (await mlmmj.SendAsync(people, size)).TotalSeconds, 3,
            quick ? "the sink acknowledges every packet at once, which mlmmj's small writes wait for; the same bytes for everybody, nothing written down" : "the same bytes for everybody, nothing written down");
    }

#if MAILKIT
    private static async Task<Row> MailKitAsync(double ours, int size)
    {
        await using var sink = await Sink.StartAsync();
        await SendAsync(sink.Port, Mails / 4, size);
        List<double> theirs = [];
        for (var run = 0; run < 3; run++)
        {
            theirs.Add(Mails / (await SendAsync(sink.Port, Mails, size)).TotalSeconds);
        }

        return Of("MailKit", ours, theirs.Order().ElementAt(1), 3, "8 clients without Nagle's delay, a MimeMessage from scratch for each person, nothing written down");
    }

    private static async Task<TimeSpan> SendAsync(int port, int mails, int size)
    {
        var (left, clock) = (mails, Stopwatch.StartNew());
        var text = string.Concat(Enumerable.Repeat("here is what happened in the studio this month.\n", size / 100));
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync("127.0.0.1", port);
            using var client = new SmtpClient();
            await client.ConnectAsync(socket, "127.0.0.1", port, SecureSocketOptions.None);
            for (int n; (n = Interlocked.Decrement(ref left)) >= 0;)
            {
                using var message = new MimeMessage();
                message.From.Add(new MailboxAddress("Bench", "letters@bench.example"));
                message.To.Add(new MailboxAddress($"Person {n}", $"p{n}@d{n % 50}.example"));
                message.Subject = $"Hello Person {n}";
                message.Headers.Add("List-Unsubscribe", $"<https://bench.example/u/{n}>");
                message.Body = new BodyBuilder { TextBody = $"Dear Person {n},\n{text}", HtmlBody = $"<p>Dear Person {n},</p><p>{text}</p>" }.ToMessageBody();
                await client.SendAsync(message);
            }

            await client.DisconnectAsync(true);
        })));
        return clock.Elapsed;
    }
#else
    private static Task<Row> MailKitAsync(double ours, int size) => Task.FromResult(LeftOut("MailKit", ours, 3, $"this build has none ({size} bytes were to be sent)"));
#endif
}
