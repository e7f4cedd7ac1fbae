using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>What one hour (UTC) of a site's log came to.</summary>
public sealed class TrafficHour
{
    public long MemberId { get; init; }

    public required string Site { get; init; }

    public DateTime Hour { get; init; }

    /// <summary>Everything that was sent, headers included.</summary>
    public long Bytes { get; set; }

    public long Requests { get; set; }

    /// <summary>Different visitors of a day, told apart by address and program without a cookie; robots that say so are left out.</summary>
    public long Visits { get; set; }

    /// <summary>Requests that the site itself failed at (5xx).</summary>
    public long Errors { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<TrafficHour>
    {
        public void Configure(EntityTypeBuilder<TrafficHour> builder)
        {
            builder.ToTable("traffic_hours");
            builder.HasKey(t => new { t.MemberId, t.Site, t.Hour });
        }
    }
}

/// <summary>A batch of a host's log that has been counted.</summary>
public sealed class TrafficBatch
{
    public long HostId { get; init; }

    public required string Batch { get; init; }

    public DateTime TakenAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<TrafficBatch>
    {
        public void Configure(EntityTypeBuilder<TrafficBatch> builder)
        {
            builder.ToTable("traffic_batches");
            builder.HasKey(t => new { t.HostId, t.Batch });
        }
    }
}
