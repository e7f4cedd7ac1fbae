using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters;

/// <summary>A newsletter list of a member. Its name is its address and never changes; the title may.</summary>
public sealed class MailingList
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Name { get; init; }

    public required string Title { get; set; }

    public string Description { get; set; } = "";

    public required string FromName { get; set; }

    /// <summary>Its domain is a <see cref="SenderDomain"/> of the member (rule A8).</summary>
    public required string FromEmail { get; set; }

    /// <summary>The sender's street address, wanted in every issue by 15 USC 7704(a)(5); sending is refused without it.</summary>
    public string PostalAddress { get; set; } = "";

    public string Language { get; set; } = "en";

    /// <summary>What a person agrees to on the sign-up page; kept word for word with each consent.</summary>
    public required string ConsentText { get; set; }

    public DateTime CreatedAt { get; init; }

    public DateTime? RemovedAt { get; set; }

    /// <summary>Since when nobody but its readers sees its issues; null: they stand on its page and in its feed.</summary>
    public DateTime? ArchiveClosedAt { get; set; }

    /// <summary>Since when nobody can sign up, because of a flood of sign-ups or because its owner wants it so (rule S9).</summary>
    public DateTime? FormClosedAt { get; set; }

    /// <summary>Since when a second person must have looked at an issue before it is sent off; null: nobody needs to.</summary>
    public DateTime? ApprovalWantedAt { get; set; }

    /// <summary>The member who may approve, beside every admin.</summary>
    public long? ApproverId { get; set; }

    /// <summary>Since when readers are asked whether their opens and clicks may be counted; only of those who say yes they are (rule L6).</summary>
    public DateTime? TrackingOfferedAt { get; set; }

    /// <summary>Names of what its owner keeps about people beside name and address, with commas between; merge fields may use them.</summary>
    public string Fields { get; set; } = "";

    public IReadOnlyList<string> FieldNames => Fields.Split(',', StringSplitOptions.RemoveEmptyEntries);

    internal sealed class Mapping : IEntityTypeConfiguration<MailingList>
    {
        public void Configure(EntityTypeBuilder<MailingList> builder)
        {
            builder.ToTable("lists");
            builder.Ignore(l => l.FieldNames);
        }
    }
}
