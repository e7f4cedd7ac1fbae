using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Sending.Receivers;

/// <summary>What one receiver said to one node on one day (UTC). For watching; the ledger is the truth about each mail.</summary>
public sealed class ReceiverDay
{
    /// <summary>yyyy-MM-dd.</summary>
    public required string Day { get; init; }

    public required string Node { get; init; }

    public required string Domain { get; init; }

    public int Accepted { get; init; }

    public int Deferred { get; init; }

    /// <summary>Refused while it was handed over.</summary>
    public int Refused { get; init; }

    public int Unknown { get; init; }

    /// <summary>Came back by mail as undeliverable.</summary>
    public int Bounced { get; set; }

    public int Complained { get; set; }

    public int? Code { get; init; }

    /// <summary>The last words that were not a plain yes.</summary>
    public string? Words { get; init; }

    public DateTime? At { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ReceiverDay>, IEntityTypeConfiguration<WarmUpDay>
    {
        public void Configure(EntityTypeBuilder<ReceiverDay> builder)
        {
            builder.ToTable("receiver_days");
            builder.HasKey(d => new { d.Day, d.Node, d.Domain });
        }

        public void Configure(EntityTypeBuilder<WarmUpDay> builder)
        {
            builder.ToTable("warm_ups");
            builder.HasKey(d => new { d.Domain, d.Day });
        }
    }
}

/// <summary>Mails that a sending domain sent on a day while receivers get to know it.</summary>
public sealed class WarmUpDay
{
    public required string Domain { get; init; }

    /// <summary>yyyy-MM-dd.</summary>
    public required string Day { get; init; }

    public int Mails { get; init; }
}
