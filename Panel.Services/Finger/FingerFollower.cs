using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Finger;

/// <summary>A member who comes, is suspended, resumed or removed is at once (here and on other nodes within a second) answered for accordingly.</summary>
internal sealed class FingerFollower(PanelDb db) : IMemberFollower
{
    public Task ChangedAsync(Member member, CancellationToken ct) => FingerAccounts.RaiseClockAsync(db, ct);
}
