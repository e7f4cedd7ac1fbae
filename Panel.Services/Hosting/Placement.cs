using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>On which host a member's account lies, and the host's number at its last change.</summary>
public sealed class Placement
{
    public long MemberId { get; init; }

    public long HostId { get; set; }

    public long Revision { get; set; }

    /// <summary>The revision of the last change of the account as a whole: made, suspended, resumed, removed.</summary>
    public long StatusRevision { get; set; }

    public DateTime PlacedAt { get; init; }

    /// <summary>Since when what was changed by hand is left so; null is healed at the next full pass.</summary>
    public DateTime? PinnedAt { get; set; }

    /// <summary>Since when the account is read-only because it is being moved.</summary>
    public DateTime? HeldAt { get; set; }

    /// <summary>Since when the host is told to leave nothing of a removed account.</summary>
    public DateTime? ErasedAt { get; set; }

    /// <summary>When its last archive was deleted too.</summary>
    public DateTime? ForgottenAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Placement>
    {
        public void Configure(EntityTypeBuilder<Placement> builder)
        {
            builder.ToTable("placements");
            builder.HasKey(p => p.MemberId);
            builder.Property(p => p.MemberId).ValueGeneratedNever();
        }
    }
}
