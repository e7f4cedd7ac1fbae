using System.IO.Pipelines;
using System.Text;
using Panel.Services.Mail.Lmtp;

namespace Panel.Tests.Mail;

/// <summary>The mail server on the other end of one LMTP conversation: says bytes, hears replies, and sees when the server waits for more.</summary>
internal sealed class LmtpCaller
{
    private readonly Pipe here = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe there = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Watched input;

    public LmtpCaller(LmtpDoor door, TimeProvider time, LmtpOptions? options = null)
    {
        input = new Watched(here.Reader);
        var settings = options ?? new LmtpOptions();
        Served = new LmtpDialogue(new Ends(input, there.Writer), new LmtpSession(door, "panel.example", settings.MessageBytes), settings, time).RunAsync(default);
    }

    public Task Served { get; }

    /// <summary>Returns when the server has read it and wants more, or has hung up.</summary>
    public async Task SayAsync(ReadOnlyMemory<byte> bytes)
    {
        var wanted = input.NextWish();
        await here.Writer.WriteAsync(bytes);
        await Task.WhenAny(wanted, Served).WaitAsync(TimeSpan.FromSeconds(30));
    }

    public Task SayAsync(string text) => SayAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Everything said since the last time, as lines.</summary>
    public async Task<string[]> HeardAsync()
    {
        var read = await there.Reader.ReadAsync();
        var said = Encoding.UTF8.GetString(read.Buffer);
        there.Reader.AdvanceTo(read.Buffer.End);
        return said.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Watched(PipeReader inner) : PipeReader
    {
        private TaskCompletionSource wish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends when the server has taken what is there and asks again with nothing waiting.</summary>
        public Task NextWish() => (wish = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            var read = inner.ReadAsync(cancellationToken);
            if (!read.IsCompleted)
            {
                wish.TrySetResult();
            }

            return read;
        }

        public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override bool TryRead(out ReadResult result) => inner.TryRead(out result);
    }
}
