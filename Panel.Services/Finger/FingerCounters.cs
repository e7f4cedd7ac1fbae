namespace Panel.Services.Finger;

/// <summary>How often finger was asked since this process began, by what came of it, and how many connections there are now. Nobody is named.</summary>
public sealed record CountersPage(DateTime Since, int Connections, IReadOnlyDictionary<string, long> Queries);

/// <summary>The counters of this node's finger server (RFC 1288 §3.2.7 asks for a way to see what is asked), for admins.</summary>
public sealed class FingerCounters
{
    private readonly FingerMeter _meter;
    private readonly FingerGate _gate;

    internal FingerCounters(FingerMeter meter, FingerGate gate) => (_meter, _gate) = (meter, gate);

    public Outcome<CountersPage> Show(Actor by) => by.IsAdmin
        ? new CountersPage(_meter.Since, _gate.Inside, Enum.GetValues<FingerResult>().ToDictionary(r => $"{char.ToLowerInvariant(r.ToString()[0])}{r.ToString()[1..]}", _meter.CountOf))
        : new NotAllowed("Only an admin reads the counters of finger.");
}
