using Panel.Services.Mail;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

/// <summary>A leased row with the letter that goes to it.</summary>
internal sealed record Outgoing(Leased Row, IssueLetter Letter)
{
    /// <summary>Not now, and why: the receiver bears no more. Null: it may go.</summary>
    public DateTime? NotBefore { get; init; }
}

/// <summary>Leased rows between the one who leases and those who hand over. Rings the bell when it runs low. Where Panel itself keeps
/// the receivers' limits, each receiver has a queue of its own and they take turns, so that none holds up another (F8).</summary>
internal sealed class SenderQueue(SenderBell bell, int low, bool polite, TimeProvider time)
{
    /// <summary>Rows in hand for receivers that are busy; about a megabyte.</summary>
    private const int MostHeld = 2_000;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = [];
    private readonly LinkedList<Line> turns = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int rows;
    private int waiting;
    private bool closed;

    public bool IsPolite => polite;

    /// <summary>Rows of receivers whose lanes are all taken hardly count: others need not wait for them.</summary>
    public bool IsLow
    {
        get
        {
            lock (gate)
            {
                return polite ? rows <= MostHeld && lines.Values.Sum(l => l.Pace.HasLane ? l.Rows.Count : 0) <= low : rows <= low;
            }
        }
    }

    public void Put(Outgoing row)
    {
        lock (gate)
        {
            var line = LineOf(row.Row);
            line.Rows.Enqueue(row);
            rows++;
            Enter(line);
            Pulse();
        }
    }

    /// <summary>The next row whose receiver has a lane; until <see cref="Done"/> it takes that lane. One with
    /// <see cref="Outgoing.NotBefore"/> is to be put off instead.</summary>
    public bool TryTake(out Outgoing? row)
    {
        var ring = false;
        lock (gate)
        {
            row = null;
            if (turns.First is { Value: var line })
            {
                turns.RemoveFirst();
                line.IsWaiting = false;
                row = line.Rows.Dequeue();
                if (polite && line.Pace.Begin(time.GetUtcNow().UtcDateTime) is { } later)
                {
                    row = row with { NotBefore = later };
                }

                rows--;
                ring = rows == low || (polite && !line.Pace.HasLane);
                Enter(line);
            }
        }

        if (ring)
        {
            bell.Ring();
        }

        return row is not null;
    }

    /// <summary>Gives the lane back.</summary>
    /// <param name="reply">What the receiver said; null when nothing was asked.</param>
    public void Done(Leased row, MailReply? reply)
    {
        if (polite)
        {
            lock (gate)
            {
                var line = LineOf(row);
                line.Pace.End(reply, time.GetUtcNow().UtcDateTime);
                Enter(line);
                Pulse();
            }
        }
    }

    /// <summary>True when there is something to take; false when it was closed.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken ct)
    {
        while (true)
        {
            Task pulse;
            lock (gate)
            {
                if (turns.Count > 0 || closed)
                {
                    return turns.Count > 0;
                }

                waiting++;
                pulse = changed.Task;
            }

            await pulse.WaitAsync(ct);
        }
    }

    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Pulse();
        }
    }

    // Each line stands in the turns once for its next row, while it has a lane for it.
    private void Enter(Line line)
    {
        if (!line.IsWaiting && line.Rows.Count > 0 && (!polite || line.Pace.HasLane))
        {
            line.IsWaiting = true;
            turns.AddLast(line);
        }
    }

    private Line LineOf(Leased row)
    {
        var receiver = polite ? Receiver.Of(row.Domain) : null;
        var name = receiver?.Name ?? "";
        if (!lines.TryGetValue(name, out var line))
        {
            lines[name] = line = new Line(new ReceiverPace(receiver ?? new Receiver("", int.MaxValue, int.MaxValue)));
        }

        return line;
    }

    private void Pulse()
    {
        if (waiting > 0)
        {
            var asleep = changed;
            (waiting, changed) = (0, new(TaskCreationOptions.RunContinuationsAsynchronously));
            asleep.TrySetResult();
        }
    }

    private sealed class Line(ReceiverPace pace)
    {
        public ReceiverPace Pace => pace;

        public Queue<Outgoing> Rows { get; } = new();

        public bool IsWaiting { get; set; }
    }
}
