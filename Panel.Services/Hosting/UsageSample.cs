using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>Disk used by an account on one day (UTC): the last that was measured on it.</summary>
public sealed class UsageSample
{
    public long MemberId { get; init; }

    public DateOnly Day { get; init; }

    public long DiskBytes { get; set; }

    /// <summary>Whether the file system itself refused more at that time.</summary>
    public bool Enforced { get; set; }

    public DateTime At { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<UsageSample>
    {
        public void Configure(EntityTypeBuilder<UsageSample> builder)
        {
            builder.ToTable("usage_samples");
            builder.HasKey(s => new { s.MemberId, s.Day });
        }
    }
}

/// <summary>The use of an account went over <see cref="Percent"/> of its limit. One row per crossing: it ends when the use
/// has clearly gone below again, and only then can there be a next one.</summary>
public sealed class QuotaNotice
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public int Percent { get; init; }

    public long DiskBytes { get; init; }

    public long LimitBytes { get; init; }

    public DateTime CrossedAt { get; init; }

    public DateTime? EndedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<QuotaNotice>
    {
        public void Configure(EntityTypeBuilder<QuotaNotice> builder) => builder.ToTable("quota_notices");
    }
}
