using Panel.Services.Hosting;

namespace Panel.Services.Finger.Homes;

/// <summary>Tells the member's host that the plan has changed, so that <c>~/.plan</c> follows.</summary>
public sealed class HomeCopies(Revisions revisions)
{
    /// <summary>In the transaction of the change.</summary>
    internal Task TouchAsync(long memberId, CancellationToken ct) => revisions.RaiseAsync(memberId, ct);
}
