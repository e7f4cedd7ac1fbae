using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Panel.Services.Mail.Lmtp;

/// <summary>Carries one session over two pipes. Commands may come pipelined; replies are sent when nothing more is waiting.</summary>
internal sealed class LmtpDialogue(IDuplexPipe pipe, LmtpSession session, LmtpOptions options, TimeProvider time)
{
    /// <summary>Longer than any command may be (RFC 5321 §4.5.3.1.4: 512, and as much again for parameters).</summary>
    private const int LongestLine = 2_048;

    private DotReader? reading;
    private Action renew = () => { };

    public async Task RunAsync(CancellationToken ct)
    {
        await SayAsync(session.Greeting, ct);
        using var patience = new CancellationTokenSource(options.Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        // A whole command and a whole message earn new patience; a byte now and then does not, it would keep a connection for ever.
        renew = () => patience.CancelAfter(options.Patience);
        for (var next = LmtpNext.Command; next != LmtpNext.HangUp;)
        {
            var read = await pipe.Input.ReadAsync(both.Token);
            var rest = read.Buffer;
            while (next != LmtpNext.HangUp && await StepAsync(rest, both.Token) is { } step)
            {
                (rest, next) = (rest.Slice(step.Used), step.Next);
            }

            if (next == LmtpNext.Command && reading is null && rest.Length > LongestLine)
            {
                await SayAsync("500 5.5.2 The line is too long\r\n", ct);
                next = LmtpNext.HangUp;
            }

            pipe.Input.AdvanceTo(rest.Start, rest.End);
            await pipe.Output.FlushAsync(ct);
            next = read.IsCompleted ? LmtpNext.HangUp : next;
        }
    }

    private async Task<(SequencePosition Used, LmtpNext Next)?> StepAsync(ReadOnlySequence<byte> bytes, CancellationToken ct)
    {
        if (reading is { } message)
        {
            return bytes.IsEmpty ? null : await ReadOnAsync(message, bytes, ct);
        }

        if (LineOf(bytes, out var end) is not { } line)
        {
            return null;
        }

        renew();
        var (reply, next) = session.Hear(line);
        Put(reply);
        reading = next == LmtpNext.Message ? new DotReader(options.MessageBytes) : null;
        return (end, next == LmtpNext.Message ? LmtpNext.Command : next);
    }

    private async Task<(SequencePosition Used, LmtpNext Next)> ReadOnAsync(DotReader message, ReadOnlySequence<byte> bytes, CancellationToken ct)
    {
        var used = 0L;
        foreach (var part in bytes)
        {
            var ended = message.Read(part.Span, out var taken);
            used += taken;
            if (ended)
            {
                reading = null;
                renew();
                Put(await session.TakeAsync(message, ct));
                break;
            }
        }

        return (bytes.GetPosition(used), LmtpNext.Command);
    }

    private static string? LineOf(ReadOnlySequence<byte> bytes, out SequencePosition end)
    {
        var reader = new SequenceReader<byte>(bytes);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            end = default;
            return null;
        }

        end = reader.Position;
        return Encoding.UTF8.GetString(line).TrimEnd('\r');
    }

    private async Task SayAsync(string words, CancellationToken ct)
    {
        Put(words);
        await pipe.Output.FlushAsync(ct);
    }

    private void Put(string words) => pipe.Output.Write(Encoding.UTF8.GetBytes(words));
}
