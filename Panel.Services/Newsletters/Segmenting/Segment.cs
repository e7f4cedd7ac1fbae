using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Segmenting;

/// <summary>A named part of a list. Issues keep the rule they were given, so that a segment can be removed at any time.</summary>
public sealed class Segment
{
    public long Id { get; init; }

    public long ListId { get; init; }

    public required string Name { get; set; }

    /// <summary>A <see cref="SegmentRule"/> as JSON.</summary>
    public required string Rule { get; set; }

    public DateTime CreatedAt { get; init; }

    public DateTime ChangedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Segment>
    {
        public void Configure(EntityTypeBuilder<Segment> builder) => builder.ToTable("segments");
    }
}
