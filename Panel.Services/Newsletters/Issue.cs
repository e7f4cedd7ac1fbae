using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters;

/// <summary>Where an issue stands. <c>Asking</c> is overdue and waits for its owner; nothing leaves <c>Sent</c> or <c>Cancelled</c>.</summary>
public enum IssueState { Draft, Scheduled, Held, Asking, Sending, Paused, Sent, Cancelled }

/// <summary>One newsletter: words until it is started, then the head of its rows in the delivery ledger.</summary>
public sealed class Issue
{
    public long Id { get; init; }

    public long ListId { get; init; }

    public required string Subject { get; set; }

    public required string Markdown { get; set; }

    public IssueState State { get; set; }

    /// <summary>Why it is held up, in words for its owner: what the relay said, or why it was not started.</summary>
    public string? Note { get; set; }

    public DateTime CreatedAt { get; init; }

    public DateTime ChangedAt { get; set; }

    /// <summary>When its owner wants it sent.</summary>
    public DateTime? DueAt { get; set; }

    /// <summary>Whose clocks that time was meant on (an IANA name); null is UTC.</summary>
    public string? Zone { get; set; }

    /// <summary>When the hold ends and the first mail may leave.</summary>
    public DateTime? StartsAt { get; set; }

    public DateTime? StartedAt { get; set; }

    /// <summary>When the owner last had the refused ones tried again.</summary>
    public DateTime? RetriedAt { get; set; }

    /// <summary>Mails per minute as last measured, while it is being sent.</summary>
    public int? Pace { get; set; }

    /// <summary>When the list of recipients was complete; from then on it never grows.</summary>
    public DateTime? FrozenAt { get; set; }

    /// <summary>The last subscriber that has a row, so that freezing goes on after a crash where it stopped.</summary>
    public long FrozenThrough { get; set; }

    public DateTime? FinishedAt { get; set; }

    /// <summary>When its owner took it out of the archive; from then on its address answers 410.</summary>
    public DateTime? WithdrawnAt { get; set; }

    /// <summary>People it goes to: as counted when it was sent off, then as frozen. Counts against the package's month.</summary>
    public int Mails { get; set; }

    /// <summary>Whom of the list it is for, as a <see cref="Segmenting.SegmentRule"/> in JSON; empty is everybody.</summary>
    public string Audience { get; set; } = "";

    /// <summary>What its owner calls them.</summary>
    public string AudienceName { get; set; } = "";

    /// <summary>The version that somebody was last asked by mail to approve; null while nobody was.</summary>
    public string? ApprovalAsked { get; set; }

    /// <summary>Test mails sent, which are limited.</summary>
    public int Tests { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Issue>, IEntityTypeConfiguration<Delivery>, IEntityTypeConfiguration<SenderNode>
    {
        public void Configure(EntityTypeBuilder<Issue> builder) => builder.ToTable("issues");

        public void Configure(EntityTypeBuilder<Delivery> builder)
        {
            builder.ToTable("deliveries");
            builder.HasKey(d => new { d.IssueId, d.SubscriberId });
        }

        public void Configure(EntityTypeBuilder<SenderNode> builder)
        {
            builder.ToTable("sender_nodes");
            builder.HasKey(n => n.Name);
        }
    }
}
