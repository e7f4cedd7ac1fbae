using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Panel.Services.Mail.Smtp;

/// <summary>
/// Buffers bytes to and from one relay and reads whole replies. One watchdog timer ends every wait by closing the
/// socket, so that a patient read allocates nothing.
/// </summary>
internal sealed class SmtpWire : IAsyncDisposable
{
    /// <summary>Four times what a server may send in one line (RFC 5321 §4.5.3.1.5); longer is not SMTP.</summary>
    private const int LineLimit = 2048;

    private const int ReplyLimit = 100 * LineLimit;

    private readonly Socket socket;
    private readonly ITimer watchdog;
    private readonly byte[] input = new byte[2 * LineLimit];
    private readonly ArrayBufferWriter<byte> output = new(16 * 1024);
    private readonly ArrayBufferWriter<byte> text = new(256);
    private Stream stream;
    private TimeSpan limit = TimeSpan.MaxValue;
    private int start;
    private int end;

    public SmtpWire(Socket socket, TimeProvider time)
    {
        this.socket = socket;
        stream = new NetworkStream(socket, ownsSocket: true);
        watchdog = time.CreateTimer(Bark, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True when the watchdog, not the other side, ended the connection.</summary>
    public bool TimedOut { get; private set; }

    public Stream Stream => stream;

    /// <summary>Lines of the last reply without their codes, separated by LF; good until the next read.</summary>
    public ReadOnlySpan<byte> Text => text.WrittenSpan;

    /// <summary>Room for commands and message; leaves with <see cref="FlushAsync"/>.</summary>
    public IBufferWriter<byte> Output => output;

    public int Waiting => output.WrittenCount;

    /// <summary>Goes on over TLS. What the other side sent in the clear and early is thrown away (rule V11, CVE-2021-3618 and kin).</summary>
    public void Secure(Stream secured)
    {
        stream = secured;
        start = end = 0;
        output.ResetWrittenCount();
    }

    public void Watch(TimeSpan patience) => watchdog.Change(patience < limit ? patience : limit, Timeout.InfiniteTimeSpan);

    /// <summary>Shortens the wait under way and all later ones; for a connection that is being given up.</summary>
    public void Hurry(TimeSpan patience)
    {
        limit = patience;
        Watch(patience);
    }

    public void Rest() => watchdog.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Ends the connection at once, also under a pending read; safe from any thread.</summary>
    public void Abort() => socket.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(TimeSpan patience)
    {
        Watch(patience);
        await stream.WriteAsync(output.WrittenMemory);
        output.ResetWrittenCount();
    }

    /// <summary>Reads one reply, however many lines it has, and returns its code.</summary>
    /// <exception cref="IOException">The connection ended, or what came is no reply.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadReplyAsync(TimeSpan patience)
    {
        Watch(patience);
        text.ResetWrittenCount();
        var code = 0;
        while (true)
        {
            var length = input.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                await FillAsync();
                continue;
            }

            var last = TakeLine(input.AsSpan(start, length), ref code);
            start += length + 1;
            if (last)
            {
                return code;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await watchdog.DisposeAsync();
        await stream.DisposeAsync();
        socket.Dispose();
    }

    private async ValueTask FillAsync()
    {
        if (start > 0)
        {
            input.AsSpan(start, end - start).CopyTo(input);
            (start, end) = (0, end - start);
        }

        if (end >= LineLimit)
        {
            throw new IOException("The mail server sent a line that is too long to be a reply.");
        }

        var read = await stream.ReadAsync(input.AsMemory(end));
        if (read == 0)
        {
            throw new IOException("The mail server closed the connection.");
        }

        end += read;
    }

    /// <summary>Takes <c>250-text</c> or <c>250 text</c> (RFC 5321 §4.2.1); true when it is the last line of the reply.</summary>
    private bool TakeLine(ReadOnlySpan<byte> line, ref int code)
    {
        line = line.TrimEnd((byte)'\r');
        if (line.Length < 3 || line[0] is < (byte)'2' or > (byte)'5' || !char.IsAsciiDigit((char)line[1]) || !char.IsAsciiDigit((char)line[2]))
        {
            throw new IOException("The mail server does not speak SMTP.");
        }

        var found = ((line[0] - '0') * 100) + ((line[1] - '0') * 10) + line[2] - '0';
        if ((code != 0 && code != found) || (line.Length > 3 && line[3] is not ((byte)' ' or (byte)'-')) || text.WrittenCount > ReplyLimit)
        {
            throw new IOException("The mail server sent a broken reply.");
        }

        if (code != 0)
        {
            text.Write("\n"u8);
        }

        code = found;
        text.Write(line.Length > 4 ? line[4..] : []);
        return line.Length == 3 || line[3] == (byte)' ';
    }

    private static void Bark(object? wire)
    {
        var self = (SmtpWire)wire!;
        self.TimedOut = true;
        self.Abort();
    }
}
