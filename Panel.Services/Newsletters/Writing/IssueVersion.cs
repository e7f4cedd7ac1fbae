using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Writing;

/// <summary>Words of an issue that are not its words now: what stood there before, or what came too late.</summary>
public sealed class IssueVersion
{
    public const string Earlier = "earlier";

    /// <summary>Somebody else had saved meanwhile; nobody's words are thrown away.</summary>
    public const string Late = "late";

    public long Id { get; init; }

    public long IssueId { get; init; }

    public required string Subject { get; init; }

    public required string Markdown { get; init; }

    public DateTime At { get; init; }

    public required string ByName { get; init; }

    public required string Kind { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<IssueVersion>, IEntityTypeConfiguration<ListImage>
    {
        public void Configure(EntityTypeBuilder<IssueVersion> builder) => builder.ToTable("issue_versions");

        public void Configure(EntityTypeBuilder<ListImage> builder) => builder.ToTable("list_images");
    }
}

/// <summary>A picture for issues of a list, named by what is in it.</summary>
public sealed class ListImage
{
    public long Id { get; init; }

    public long ListId { get; init; }

    /// <summary>SHA-256 of the content, cut to 128 bits, in hex; nobody can guess it.</summary>
    public required string Hash { get; init; }

    /// <summary>png, jpg, gif or webp: what the first bytes say, whatever the name said.</summary>
    public required string Type { get; init; }

    public required byte[] Content { get; init; }

    public DateTime At { get; init; }
}
