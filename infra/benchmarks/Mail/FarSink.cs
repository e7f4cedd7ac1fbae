using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Panel.Bench.Mail;

/// <summary>A mail server that is 100 ms away: every reply leaves that long after its command came, so what is sent together is
/// answered together. Of 100 recipients it puts 5 off (451) and refuses 1 (550).</summary>
internal sealed class FarSink
{
    /// <summary>The argument by which this program becomes the server.</summary>
    public const string Serve = "serve-sink";

    public static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(100);

    private static readonly byte[] Dot = "\r\n.\r\n"u8.ToArray();
    private int asked;
    private int answered;

    /// <summary>Prints its port, and for every line it reads how many recipients have had their last word.</summary>
    public static async Task<int> ServeAsync()
    {
        var sink = new FarSink();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        _ = sink.AcceptAsync(listener);
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine(Volatile.Read(ref sink.answered).ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            var socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            _ = Task.Run(() => TalkAsync(socket));
        }
    }

    private async Task TalkAsync(Socket socket)
    {
        await using var wire = new NetworkStream(socket, ownsSocket: true);
        var replies = Channel.CreateUnbounded<(long Due, string Text, bool Last)>();
        var writing = WriteAsync(wire, replies.Reader);
        void Say(string text, bool last = false) => replies.Writer.TryWrite((Environment.TickCount64 + (long)Latency.TotalMilliseconds, text + "\r\n", last));
        Say("220 far.example ESMTP");
        try
        {
            var (buffer, held, inMessage, taken) = (new byte[64 * 1024], 0, false, false);
            while (await wire.ReadAsync(buffer.AsMemory(held)) is > 0 and var read)
            {
                held += read;
                var start = 0;
                while (true)
                {
                    var rest = buffer.AsSpan(start, held - start);
                    var end = inMessage ? rest.IndexOf(Dot) : rest.IndexOf("\r\n"u8);
                    if (end < 0)
                    {
                        break;
                    }

                    start += end + (inMessage ? Dot.Length : 2);
                    if (inMessage)
                    {
                        Say("250 2.0.0 Ok: queued", last: true);
                        inMessage = false;
                    }
                    else
                    {
                        inMessage = Answer(Encoding.ASCII.GetString(rest[..end]), ref taken, Say);
                    }
                }

                buffer.AsSpan(start, held - start).CopyTo(buffer);
                held -= start;
            }
        }
        catch (IOException)
        {
            // The client hung up.
        }

        replies.Writer.Complete();
        await writing;
    }

    // True: a message follows.
    private bool Answer(string line, ref bool taken, Action<string, bool> say)
    {
        switch (line.Split(' ', ':')[0].ToUpperInvariant())
        {
            case "EHLO":
                say("250-far.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 10485760", false);
                return false;
            case "RCPT":
                var turn = Interlocked.Increment(ref asked) % 100;
                taken = turn is not (7 or 27 or 47 or 67 or 87 or 50);
                say(taken ? "250 2.1.5 Ok" : turn == 50 ? "550 5.1.1 Nobody of that name" : "451 4.3.0 Later, please", !taken);
                return false;
            case "DATA":
                say(taken ? "354 Go ahead" : "554 5.5.1 No valid recipients", false);
                return taken;
            default:
                say("250 2.0.0 Ok", false);
                return false;
        }
    }

    private async Task WriteAsync(NetworkStream wire, ChannelReader<(long Due, string Text, bool Last)> replies)
    {
        try
        {
            await foreach (var (due, text, last) in replies.ReadAllAsync())
            {
                if (due - Environment.TickCount64 is > 0 and var wait)
                {
                    await Task.Delay((int)wait);
                }

                await wire.WriteAsync(Encoding.ASCII.GetBytes(text));
                _ = last ? Interlocked.Increment(ref answered) : 0;
            }
        }
        catch (IOException)
        {
            // The client hung up.
        }
    }
}
