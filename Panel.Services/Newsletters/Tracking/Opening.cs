using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Tracking;

/// <summary>That a person who agreed to it opened an issue, as far as can be told.</summary>
public sealed class Opening
{
    public long IssueId { get; init; }

    public long SubscriberId { get; init; }

    /// <summary>The first time.</summary>
    public DateTime At { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<Opening>, IEntityTypeConfiguration<Click>
    {
        public void Configure(EntityTypeBuilder<Opening> builder)
        {
            builder.ToTable("opens");
            builder.HasKey(o => new { o.IssueId, o.SubscriberId });
        }

        public void Configure(EntityTypeBuilder<Click> builder)
        {
            builder.ToTable("clicks");
            builder.HasKey(c => new { c.IssueId, c.SubscriberId, c.Link });
        }
    }
}

/// <summary>That a person who agreed to it followed a link of an issue.</summary>
public sealed class Click
{
    public long IssueId { get; init; }

    public long SubscriberId { get; init; }

    /// <summary>Which link of the issue, from 0 in the order of the text.</summary>
    public int Link { get; init; }

    /// <summary>The first time.</summary>
    public DateTime At { get; init; }
}
