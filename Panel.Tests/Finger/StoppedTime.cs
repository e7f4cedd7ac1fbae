namespace Panel.Tests.Finger;

/// <summary>A clock that only the test moves; timers fire when it is moved past them.</summary>
internal sealed class StoppedTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Alarm> _alarms = [];
    private DateTimeOffset _now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, callback, state);
        lock (_lock)
        {
            _alarms.Add(alarm);
        }

        alarm.Change(dueTime, period);
        return alarm;
    }

    public void Advance(TimeSpan by)
    {
        List<Alarm> due;
        lock (_lock)
        {
            _now += by;
            due = [.. _alarms.Where(a => a.DueAt <= _now)];
            due.ForEach(a => a.DueAt = null);
        }

        due.ForEach(a => a.Ring());
    }

    /// <summary>Moves the clock, again and again as new timers are set, until something holds; fails after 30 real seconds.</summary>
    public async Task AdvanceUntilAsync(TimeSpan by, Func<bool> holds)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (true)
        {
            Advance(by);
            for (var spins = 0; spins < 20; spins++)
            {
                if (holds())
                {
                    return;
                }

                await Task.Delay(5);
            }

            if (DateTime.UtcNow > deadline)
            {
                throw new TimeoutException("What the test waits for did not come to hold.");
            }
        }
    }

    private sealed class Alarm(StoppedTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? DueAt { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                DueAt = dueTime == Timeout.InfiniteTimeSpan ? null : time._now + dueTime;
            }

            return true;
        }

        public void Ring() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                time._alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
