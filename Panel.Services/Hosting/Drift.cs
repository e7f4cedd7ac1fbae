using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>What somebody changed by hand on an account of a host.</summary>
public sealed class Drift
{
    public long Id { get; init; }

    public long HostId { get; init; }

    public long MemberId { get; init; }

    public DateTime FoundAt { get; init; }

    public DateTime SeenAt { get; set; }

    /// <summary>Null while the account is pinned and it is left so.</summary>
    public DateTime? HealedAt { get; set; }

    /// <summary>The steps that put it back, each with its difference, as JSON.</summary>
    public required string Lines { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Drift>
    {
        public void Configure(EntityTypeBuilder<Drift> builder) => builder.ToTable("drifts");
    }
}
