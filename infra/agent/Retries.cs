namespace Panel.Agent;

/// <summary>When an account that is not well is tried again: after 1 s, then twice as long each time, at most 5 minutes.
/// One stuck account never makes another wait.</summary>
internal sealed class Retries(TimeProvider time)
{
    private readonly Dictionary<string, (int Times, DateTimeOffset At)> waiting = new(StringComparer.Ordinal);

    public DateTimeOffset? Next => waiting.Count == 0 ? null : waiting.Values.Min(w => w.At);

    public IReadOnlyList<string> Due() => [.. waiting.Where(w => w.Value.At <= time.GetUtcNow()).Select(w => w.Key)];

    public void Note(string handle, bool well)
    {
        if (well)
        {
            waiting.Remove(handle);
            return;
        }

        var times = waiting.GetValueOrDefault(handle).Times + 1;
        waiting[handle] = (times, time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(300, Math.Pow(2, Math.Min(times, 10) - 1))));
    }
}
