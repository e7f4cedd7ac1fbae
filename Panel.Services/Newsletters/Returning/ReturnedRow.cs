using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Services.Mail.Returned;

namespace Panel.Services.Newsletters.Returning;

/// <summary>A mail that came back, what it was taken for, and for those that a person has to read the mail itself.</summary>
public sealed class ReturnedRow
{
    public long Id { get; init; }

    public long ListId { get; init; }

    public long? IssueId { get; init; }

    public long? SubscriberId { get; init; }

    public ReturnedKind Kind { get; init; }

    /// <summary>The code of RFC 3463.</summary>
    public string? Status { get; init; }

    /// <summary>The other side's words.</summary>
    public required string Words { get; init; }

    public required string Subject { get; init; }

    public required string From { get; init; }

    /// <summary>The beginning of the mail as it came, for a while; only of what was not understood and of what people wrote.</summary>
    public byte[]? Body { get; set; }

    public DateTime ReceivedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ReturnedRow>
    {
        public void Configure(EntityTypeBuilder<ReturnedRow> builder) => builder.ToTable("returned_mails");
    }
}
