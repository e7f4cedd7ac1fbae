namespace Panel.Services.Newsletters.Sending;

/// <summary>An issue that is being sent, as a node holds it: what the rows of the ledger are checked against.</summary>
internal sealed record SendingIssue(long Id, long ListId, long MemberId, DateTime StartedAt)
{
    public SendingTally Tally { get; } = new();

    /// <summary>The domain it is from, which receivers know or do not know yet.</summary>
    public string FromDomain { get; init; } = "";
}

/// <summary>A row of the ledger that this node holds, and the person it is for. Good only together with its epoch.</summary>
internal sealed record Leased(SendingIssue Issue, long SubscriberId, int Epoch, int Tries, string Email, string EmailHash, string Name, string Fields = "", bool Tracked = false)
{
    /// <summary>The receiving domain.</summary>
    public string Domain { get; } = Email[(Email.LastIndexOf('@') + 1)..].ToLowerInvariant();
}

/// <summary>What one lease brought: rows to send, and how many were taken in hand, with those that turned out to be skipped.</summary>
internal readonly record struct LeasedBatch(IReadOnlyList<Leased> Rows, int Taken);

/// <summary>What becomes of a row after a hand-over.</summary>
/// <param name="NextAt">When a deferred one is tried again.</param>
/// <param name="PauseIssue">The refusal is about us: the issue stops until its owner goes on (rule A14).</param>
internal readonly record struct LedgerResult(
    DeliveryState State, int Tries, DateTime? NextAt, int Code, string? Enhanced, string? Reply, string? Reason, bool PauseIssue);
