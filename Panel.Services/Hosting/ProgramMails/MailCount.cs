using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting.ProgramMails;

/// <summary>How many mails the programs of a member have sent in the month that begins on <see cref="Month"/>.</summary>
public sealed class MailCount
{
    public long MemberId { get; init; }

    public DateOnly Month { get; init; }

    public int Mails { get; private set; }

    internal sealed class Mapping : IEntityTypeConfiguration<MailCount>
    {
        public void Configure(EntityTypeBuilder<MailCount> builder)
        {
            builder.ToTable("program_mails");
            builder.HasKey(c => new { c.MemberId, c.Month });
        }
    }
}
