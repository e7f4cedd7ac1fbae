namespace Panel.Tests;

/// <summary>A clock that stands still until a test moves it. Timers fire when it passes them.</summary>
public sealed class ManualTime(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start ?? new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>How often a timer was set to a time. Who is to advance the clock past a wait waits for that wait to begin.</summary>
    public int Armed { get; private set; }

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => now.Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by)
    {
        now += by;
        while (NextDue() is { } due)
        {
            due.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? NextDue()
    {
        lock (gate)
        {
            return timers.Where(t => t.DueAt <= now).MinBy(t => t.DueAt);
        }
    }

    private sealed class ManualTimer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public DateTimeOffset? DueAt { get; private set; }

        public void Fire()
        {
            DueAt = period > TimeSpan.Zero ? DueAt + period : null;
            if (DueAt is null)
            {
                Dispose();
            }

            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan periodTime)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                period = periodTime == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : periodTime;
                DueAt = dueTime == Timeout.InfiniteTimeSpan ? null : clock.now + dueTime;
                if (DueAt is not null)
                {
                    clock.timers.Add(this);
                    clock.Armed++;
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
