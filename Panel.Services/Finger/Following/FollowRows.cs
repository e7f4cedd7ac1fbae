using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Finger.Following;

/// <summary>That a member follows an address, under a name of their own for it.</summary>
public sealed class FingerFollow
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Address { get; init; }

    public required string Nick { get; init; }

    public DateTime FollowedAt { get; init; }
}

/// <summary>What is known of an address elsewhere: its last good copy, and why there is no newer one.</summary>
public sealed class FingerRemote
{
    public required string Address { get; init; }

    public required string Host { get; init; }

    public string Name { get; set; } = "";

    public string Plan { get; set; } = "";

    /// <summary>Of the bytes of the last answer that could be read.</summary>
    public string Hash { get; set; } = "";

    public DateTime? FetchedAt { get; set; }

    public DateTime? ChangedAt { get; set; }

    public DateTime DueAt { get; set; }

    public int Failures { get; set; }

    public string? Reason { get; set; }

    public DateTime? LeasedUntil { get; set; }

    public string? Lease { get; set; }

    /// <summary>Since when the address is known to ask not to be shown; it is never fingered again.</summary>
    public DateTime? OptedOutAt { get; set; }
}

public sealed class FingerRemotePost
{
    public long Id { get; init; }

    public required string Address { get; init; }

    public required string Text { get; init; }

    /// <summary>Of time and text, by which the same message is known again.</summary>
    public required string Digest { get; init; }

    /// <summary>As its author says, but never later than it was first seen.</summary>
    public DateTime PostedAt { get; init; }

    public DateTime SeenAt { get; init; }
}

/// <summary>That somebody mentioned a member.</summary>
public sealed class FingerNotice
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Address { get; init; }

    public required string Text { get; init; }

    public DateTime PostedAt { get; init; }

    public DateTime? SeenAt { get; set; }
}

internal sealed class FollowMapping :
    IEntityTypeConfiguration<FingerFollow>, IEntityTypeConfiguration<FingerRemote>, IEntityTypeConfiguration<FingerRemotePost>, IEntityTypeConfiguration<FingerNotice>
{
    public void Configure(EntityTypeBuilder<FingerFollow> builder) => builder.ToTable("finger_follows");

    public void Configure(EntityTypeBuilder<FingerRemote> builder)
    {
        builder.ToTable("finger_remotes");
        builder.HasKey(r => r.Address);
    }

    public void Configure(EntityTypeBuilder<FingerRemotePost> builder)
    {
        builder.ToTable("finger_remote_posts");
        // Both are often saved together: the address must come first.
        builder.HasOne<FingerRemote>().WithMany().HasForeignKey(p => p.Address);
    }

    public void Configure(EntityTypeBuilder<FingerNotice> builder) => builder.ToTable("finger_notices");
}
