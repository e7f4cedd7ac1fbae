namespace Panel.Services.Members;

/// <summary>A capability that must know when a member is added, suspended, resumed or removed, or gets another package.
/// Called inside the transaction of the change, before it is saved; it may add its own rows and audit entries.</summary>
public interface IMemberFollower
{
    /// <summary>Why a member cannot be added as wanted, or null.</summary>
    Task<Refusal?> CheckAsync(NewMember wanted, CancellationToken ct) => Task.FromResult<Refusal?>(null);

    Task ChangedAsync(Member member, CancellationToken ct);
}
