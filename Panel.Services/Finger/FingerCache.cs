using System.Collections.Concurrent;

namespace Panel.Services.Finger;

/// <summary>Rendered answers that were true at one reading of the clock. Bounded: what was not asked for lately goes first.</summary>
/// <param name="clock">The clock's number, or a negative one that fits no reading.</param>
internal sealed class FingerCache(long clock)
{
    /// <summary>Bytes of one of the two generations, its entries' own weight included.</summary>
    private const long Generation = 32 * 1024 * 1024;
    private const int EntryWeight = 200;

    private ConcurrentDictionary<(string Name, bool Wide), KeptAnswer> _young = new();
    private ConcurrentDictionary<(string Name, bool Wide), KeptAnswer> _old = new();
    private long _weight;

    public long Clock { get; } = clock;

    public bool TryGet(FingerQuery query, out KeptAnswer answer)
    {
        var key = (query.Name, query.Wide);
        if (_young.TryGetValue(key, out answer))
        {
            return true;
        }

        if (!_old.TryGetValue(key, out answer))
        {
            return false;
        }

        Put(query, answer);
        return true;
    }

    public void Put(FingerQuery query, KeptAnswer answer)
    {
        if (!_young.TryAdd((query.Name, query.Wide), answer))
        {
            return;
        }

        if (Interlocked.Add(ref _weight, answer.Weight + EntryWeight) > Generation)
        {
            // Two threads that get here together only age the cache twice.
            Interlocked.Exchange(ref _weight, 0);
            _old = Interlocked.Exchange(ref _young, new());
        }
    }
}

/// <summary>An answer, and the card it was made of when it is about one member.</summary>
internal readonly record struct KeptAnswer(FingerAnswer Answer, FingerCard? Card)
{
    /// <summary>About what it takes in memory; the card's texts are as long as the answer made of them, in two bytes each.</summary>
    public long Weight => Answer.Bytes.Length * (Card is null ? 1L : 3L);
}
