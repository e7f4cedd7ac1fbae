using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters;

/// <summary>Where an address stands with one list. Only <see cref="Confirmed"/> is mailed.</summary>
public enum SubscriberState { Pending, Confirmed, Paused, Left, Bounced, Complained }

/// <summary>An address on one list. Coming and going never deletes the row, so that an old leave link works for ever.</summary>
public sealed class Subscriber
{
    public long Id { get; init; }

    public long ListId { get; init; }

    /// <summary>As typed, without surrounding space; what mail is sent to.</summary>
    public required string Email { get; set; }

    /// <summary>What makes an address the same person on a list (see <see cref="EmailAddress.Key"/>); unique within it.</summary>
    public required string EmailKey { get; set; }

    /// <summary>The receiving domain as an A-label, for fairness and per-domain limits.</summary>
    public required string Domain { get; set; }

    public string Name { get; set; } = "";

    public SubscriberState State { get; set; }

    public DateTime JoinedAt { get; init; }

    /// <summary>When consent was given: at confirmation, or as stated at import.</summary>
    public DateTime? ConsentAt { get; set; }

    /// <summary>When the state last changed.</summary>
    public DateTime ChangedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Subscriber>, IEntityTypeConfiguration<Consent>, IEntityTypeConfiguration<Suppression>
    {
        public void Configure(EntityTypeBuilder<Subscriber> builder) => builder.ToTable("subscribers");

        public void Configure(EntityTypeBuilder<Consent> builder) => builder.ToTable("consents");

        public void Configure(EntityTypeBuilder<Suppression> builder) => builder.ToTable("suppressions");
    }
}

/// <summary>The proof of one consent (rule L1): which words, when, by which form, and when it was confirmed.</summary>
public sealed class Consent
{
    public long Id { get; init; }

    public long SubscriberId { get; init; }

    /// <summary><c>page</c>, <c>import</c> or <c>api</c>.</summary>
    public required string Form { get; init; }

    /// <summary>The words shown, or the source stated at import.</summary>
    public required string Text { get; init; }

    public DateTime GivenAt { get; init; }

    public DateTime? ConfirmedAt { get; set; }
}

/// <summary>An address that must not be mailed, kept as a keyed hash so that erasing the person keeps the protection (rule L4).</summary>
public sealed class Suppression
{
    public long Id { get; init; }

    public required string EmailHash { get; init; }

    /// <summary>The list it holds for; null with a member: all lists of that member.</summary>
    public long? ListId { get; init; }

    public long MemberId { get; init; }

    /// <summary><c>left</c>, <c>bounced</c>, <c>complained</c> or <c>admin</c>.</summary>
    public required string Reason { get; init; }

    public DateTime At { get; init; }
}
