namespace Panel.Services.Newsletters.Sending.Receivers;

/// <summary>What receiving domains said since it was last taken.</summary>
internal sealed record HealthCount(int Accepted, int Deferred, int Refused, int Unknown, int Code, string? Words);

/// <summary>Counts of this node for the page of delivery health. Kept in memory for seconds: a crash forgets them, the ledger nothing.</summary>
internal sealed class HealthTally
{
    private readonly Lock gate = new();
    private Dictionary<string, HealthCount> counts = new(StringComparer.Ordinal);

    /// <summary>Pages show what this machine did, whatever process it was.</summary>
    public static string Node => Environment.MachineName;

    public void Count(string domain, LedgerResult result)
    {
        var name = Receiver.Of(domain).Name;
        lock (gate)
        {
            var was = counts.GetValueOrDefault(name) ?? new HealthCount(0, 0, 0, 0, 0, null);
            counts[name] = result.State switch
            {
                DeliveryState.Sent => was with { Accepted = was.Accepted + 1 },
                DeliveryState.Deferred => was with { Deferred = was.Deferred + 1, Code = result.Code, Words = result.Reply },
                DeliveryState.Failed => was with { Refused = was.Refused + 1, Code = result.Code, Words = result.Reply },
                DeliveryState.Unknown => was with { Unknown = was.Unknown + 1 },
                _ => was,
            };
        }
    }

    public IReadOnlyDictionary<string, HealthCount> Take()
    {
        lock (gate)
        {
            var taken = counts;
            if (taken.Count > 0)
            {
                counts = new(StringComparer.Ordinal);
            }

            return taken;
        }
    }
}
