using System.Net;
using Microsoft.Extensions.Options;

namespace Panel.Services.Finger;

/// <summary>Counts who is inside: caps for the house and per address, and a rate per address. Memory stays bounded.</summary>
internal sealed class FingerGate(IOptions<FingerOptions> options, TimeProvider time)
{
    /// <summary>An allowance of this many seconds may be used up at once.</summary>
    private const int Burst = 10;

    /// <summary>Addresses remembered before those that are idle and rested are forgotten.</summary>
    private const int Crowd = 8_192;

    private readonly Dictionary<AddressBlock, Visitor> _visitors = [];
    private readonly Lock _door = new();
    private readonly double _allowance = (double)options.Value.QueriesPerSecond * Burst;
    private int _inside;
    private int _sweepAt = Crowd;

    /// <summary>Connections inside now, the refused ones that are still being sent away among them.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Addresses that are remembered now.</summary>
    public int Remembered
    {
        get
        {
            lock (_door)
            {
                return _visitors.Count;
            }
        }
    }

    /// <summary>Lets one connection in; every call is paired with one <see cref="Leave"/>, refused or not.</summary>
    /// <returns>Null, or why this connection is only told to come back later.</returns>
    public FingerResult? Enter(AddressBlock from)
    {
        lock (_door)
        {
            _inside++;
            var visitor = Find(from);
            visitor.Inside++;
            visitor.Rest(time, _allowance, options.Value.QueriesPerSecond);
            if (_inside > options.Value.Connections)
            {
                return FingerResult.Full;
            }

            if (visitor.Inside > options.Value.ConnectionsPerAddress || visitor.Left < 1)
            {
                return FingerResult.Crowded;
            }

            visitor.Left--;
            return null;
        }
    }

    public void Leave(AddressBlock from)
    {
        lock (_door)
        {
            _inside--;
            if (_visitors.TryGetValue(from, out var visitor))
            {
                visitor.Inside--;
            }
        }
    }

    private Visitor Find(AddressBlock from)
    {
        if (_visitors.TryGetValue(from, out var known))
        {
            return known;
        }

        if (_visitors.Count >= _sweepAt)
        {
            Sweep();
        }

        return _visitors[from] = new Visitor(time.GetTimestamp(), _allowance);
    }

    /// <summary>Forgets who is outside and rested; sweeps again only when twice as many have come, so the cost stays flat.</summary>
    private void Sweep()
    {
        foreach (var (from, visitor) in _visitors)
        {
            visitor.Rest(time, _allowance, options.Value.QueriesPerSecond);
            if (visitor.Inside == 0 && visitor.Left >= _allowance)
            {
                _visitors.Remove(from);
            }
        }

        _sweepAt = Math.Max(Crowd, _visitors.Count * 2);
    }

    private sealed class Visitor(long seen, double left)
    {
        private long _seen = seen;

        public int Inside { get; set; }

        public double Left { get; set; } = left;

        public void Rest(TimeProvider time, double allowance, int perSecond)
        {
            var now = time.GetTimestamp();
            Left = Math.Min(allowance, Left + (time.GetElapsedTime(_seen, now).TotalSeconds * perSecond));
            _seen = now;
        }
    }
}
