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

    /// <summary>The file the person came by; its stated source of consent is the proof of theirs.</summary>
    public long? ImportId { get; set; }

    /// <summary>When this person agreed that opens and clicks are counted; null, as for everybody at first: nothing is (rule L6).</summary>
    public DateTime? TrackedAt { get; set; }

    /// <summary>When a pause ends by itself.</summary>
    public DateTime? PausedUntil { get; set; }

    /// <summary>What the list keeps beside the name, as a JSON object of strings; empty when there is nothing.</summary>
    public string Fields { get; set; } = "";

    internal sealed class Mapping : IEntityTypeConfiguration<Subscriber>, IEntityTypeConfiguration<Consent>, IEntityTypeConfiguration<Suppression>, IEntityTypeConfiguration<SignUpMark>
    {
        public void Configure(EntityTypeBuilder<Subscriber> builder) => builder.ToTable("subscribers");

        public void Configure(EntityTypeBuilder<Consent> builder) => builder.ToTable("consents");

        public void Configure(EntityTypeBuilder<Suppression> builder) => builder.ToTable("suppressions");

        public void Configure(EntityTypeBuilder<SignUpMark> builder) => builder.ToTable("sign_ups");
    }
}

/// <summary>The proof of one consent (rule L1): which words, when, by which form, and when it was confirmed.</summary>
public sealed class Consent
{
    public long Id { get; init; }

    public long SubscriberId { get; init; }

    /// <summary><c>page</c>, <c>embed</c>, <c>json</c> or <c>import</c>.</summary>
    public required string Form { get; init; }

    /// <summary>The words shown, or the source stated at import.</summary>
    public required string Text { get; init; }

    public DateTime GivenAt { get; init; }

    public DateTime? ConfirmedAt { get; set; }

    /// <summary>The network it came from, without the last part of its address; null where it came by a file.</summary>
    public string? Network { get; init; }
}

/// <summary>That somebody filled in the form of a list, whoever it was; kept two weeks to know what is usual (rule S9).</summary>
public sealed class SignUpMark
{
    public long Id { get; init; }

    public long ListId { get; init; }

    public DateTime At { get; init; }
}

/// <summary>An address that must not be mailed, kept as a keyed hash so that erasing the person keeps the protection (rule L4).</summary>
public sealed class Suppression
{
    public long Id { get; init; }

    public required string EmailHash { get; init; }

    /// <summary>The list it holds for; null with a member: all lists of that member.</summary>
    public long? ListId { get; init; }

    public long MemberId { get; init; }

    /// <summary><c>left</c>, <c>erased</c>, <c>bounced</c>, <c>complained</c>, <c>not me</c> or <c>admin</c>.</summary>
    public required string Reason { get; init; }

    public DateTime At { get; init; }

    /// <summary>What people chose themselves and may choose otherwise by signing up again.</summary>
    public static readonly IReadOnlyList<string> OwnChoice = ["left", "erased"];
}
