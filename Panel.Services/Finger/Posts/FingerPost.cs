using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Finger.Posts;

/// <summary>A dated message of a member. Its id never changes and its second is the member's alone, so that a Thimbl reader,
/// which knows a message by its time, and a feed reader, which knows it by its id, speak of the same post.</summary>
public sealed class FingerPost
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Text { get; init; }

    /// <summary>Whole seconds: a Thimbl time has no smaller ones.</summary>
    public DateTime PostedAt { get; init; }

    /// <summary>The address whose post this answers, or null.</summary>
    public string? ReplyTo { get; init; }

    public required string WrittenBy { get; init; }

    public Door Door { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<FingerPost>
    {
        public void Configure(EntityTypeBuilder<FingerPost> builder) => builder.ToTable("finger_posts");
    }
}

/// <summary>A post as every door shows it.</summary>
public sealed record PostLine(long Id, string Text, DateTime At);

/// <summary>What to post. Line breaks become spaces: a post is one line.</summary>
public sealed record NewPost(string Text, string? ReplyTo = null);

/// <param name="Url">Where the post stands on the web; its id in feeds is <paramref name="Tag"/>.</param>
public sealed record PostPage(long Id, string Address, string Text, DateTime At, string? ReplyTo, string Url, string Tag);
