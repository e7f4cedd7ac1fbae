using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>What becomes of a copy: it is being filled, it is kept for a while after its account has moved away, or it is to be erased.</summary>
public enum CopyState { Arriving, Kept, Erasing }

/// <summary>A second copy of an account, on a host that is not its home. The row is what the host is told; it goes when the host has
/// reported that nothing is left.</summary>
public sealed class AccountCopy
{
    public long MemberId { get; init; }

    public long HostId { get; init; }

    public CopyState State { get; private set; }

    /// <summary>The host's number at the last change.</summary>
    public long Revision { get; set; }

    public DateTime SinceAt { get; private set; }

    public void Become(CopyState state, long revision, DateTime at) => (State, Revision, SinceAt) = (state, revision, at);

    internal sealed class Mapping : IEntityTypeConfiguration<AccountCopy>
    {
        public void Configure(EntityTypeBuilder<AccountCopy> builder)
        {
            builder.ToTable("account_copies");
            builder.HasKey(c => new { c.MemberId, c.HostId });
        }
    }
}
