namespace Panel.Services.Newsletters;

/// <summary>Where one issue stands with one person. <c>InData</c>: the final dot may be on its way. <c>Unknown</c>: it may have
/// arrived, nobody can say, and it is not repeated unasked.</summary>
public enum DeliveryState { Queued, Leased, InData, Sent, Deferred, Failed, Unknown, Skipped }

/// <summary>One issue to one person: a row of the ledger. Written by <c>Sending.Ledger</c> alone, under its rules.</summary>
public sealed class Delivery
{
    public long IssueId { get; init; }

    public long SubscriberId { get; init; }

    public DeliveryState State { get; init; }

    /// <summary>The sender that holds it, while it is leased or in DATA.</summary>
    public string? Node { get; init; }

    /// <summary>Counts the leases: what an earlier holder still says about it is not heard.</summary>
    public int Epoch { get; init; }

    public DateTime? LeasedUntil { get; init; }

    public int Tries { get; init; }

    /// <summary>When a deferred one is tried again.</summary>
    public DateTime? NextAt { get; init; }

    /// <summary>When its state last changed.</summary>
    public DateTime At { get; init; }

    public int? Code { get; init; }

    public string? Enhanced { get; init; }

    /// <summary>What the receiving server said last, in its own words.</summary>
    public string? Reply { get; init; }

    /// <summary>One of <see cref="SkipReason"/>, or why it was given up.</summary>
    public string? Reason { get; init; }
}

/// <summary>Why somebody does not get an issue. The words of the contract; pages put them into sentences.</summary>
public static class SkipReason
{
    public const string Left = "left";
    public const string Paused = "paused";
    public const string Bounced = "bounced";
    public const string Complained = "complained";
    public const string NotConfirmed = "not confirmed";
    public const string Suppressed = "suppressed";
    public const string Erased = "erased";
    public const string Cancelled = "cancelled";
}

/// <summary>A running sender and when it last gave a sign of life.</summary>
public sealed class SenderNode
{
    public required string Name { get; init; }

    public DateTime SeenAt { get; set; }
}
