using System.Threading.Channels;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Leased rows between the one who leases and those who hand over. Rings the bell when it runs low.</summary>
internal sealed class SenderQueue(SenderBell bell, int low)
{
    private readonly Channel<Outgoing> rows = Channel.CreateUnbounded<Outgoing>();
    private int waiting;

    public bool IsLow => Volatile.Read(ref waiting) <= low;

    public void Put(Outgoing row)
    {
        Interlocked.Increment(ref waiting);
        rows.Writer.TryWrite(row);
    }

    public bool TryTake(out Outgoing? row)
    {
        if (!rows.Reader.TryRead(out row))
        {
            return false;
        }

        if (Interlocked.Decrement(ref waiting) == low)
        {
            bell.Ring();
        }

        return true;
    }

    public ValueTask<bool> WaitAsync(CancellationToken ct) => rows.Reader.WaitToReadAsync(ct);

    public void Close() => rows.Writer.TryComplete();
}

/// <summary>A leased row with the letter that goes to it.</summary>
internal sealed record Outgoing(Leased Row, IssueLetter Letter);
