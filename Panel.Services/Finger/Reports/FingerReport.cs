using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Finger.Reports;

/// <summary>What is wrong with a page, out of a short list.</summary>
public enum ReportReason
{
    Commands,
    Impersonation,
    Harassment,
    Privacy,
    Unlawful,
    Spam,
    Other,
}

/// <summary>Somebody's word that a member's finger page is not right (RFC 1288 §3.2.4 leaves its text to the house to answer for).</summary>
public sealed class FingerReport
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public ReportReason Reason { get; init; }

    public required string Text { get; init; }

    /// <summary>Where the answer goes; forgotten with the answer.</summary>
    public string? Contact { get; init; }

    /// <summary>The /24 or /48 it came from, which names a neighbourhood and no person.</summary>
    public required string Network { get; init; }

    public DateTime ReportedAt { get; init; }

    public DateTime? TakenDownAt { get; init; }

    public DateTime? DismissedAt { get; init; }

    public string? AnsweredBy { get; init; }

    /// <summary>What the admin said to the member.</summary>
    public string? Answer { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<FingerReport>
    {
        public void Configure(EntityTypeBuilder<FingerReport> builder) => builder.ToTable("finger_reports");
    }
}

/// <summary>What a visitor says.</summary>
/// <param name="Contact">An e-mail address for the answer, or nothing.</param>
public sealed record NewReport(ReportReason? Reason, string? Text, string? Contact);

/// <summary>An admin's answer.</summary>
/// <param name="TakeDown">True withholds the account, false leaves it as it is.</param>
/// <param name="Reason">What the member is told; a takedown needs one.</param>
public sealed record ReportAnswer(bool? TakeDown, string? Reason);

/// <summary>A report as admins see it; <paramref name="State"/> is <c>open</c>, <c>takenDown</c> or <c>dismissed</c>.</summary>
public sealed record ReportPage(
    long Id, string Handle, ReportReason Reason, string Text, string? Contact, string Network, DateTime ReportedAt, string State, DateTime? AnsweredAt, string? AnsweredBy, string? Answer);
