using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Members;

/// <summary>What a member may use. Lowering a limit below what is used deletes nothing; it only stops more.</summary>
public sealed class Package
{
    public const string Standard = "standard";

    public long Id { get; init; }

    public required string Name { get; set; }

    public long DiskBytes { get; set; }

    public int Sites { get; set; }

    public int Databases { get; set; }

    public int Domains { get; set; }

    public int Lists { get; set; }

    /// <summary>Mails per calendar month, all lists of the member together.</summary>
    public int Mails { get; set; }

    /// <summary>How many backups stay: the newest of each of so many days, weeks and months.</summary>
    public int KeepDaily { get; set; } = 7;

    public int KeepWeekly { get; set; } = 4;

    public int KeepMonthly { get; set; } = 6;

    internal sealed class Mapping : IEntityTypeConfiguration<Package>
    {
        public void Configure(EntityTypeBuilder<Package> builder) => builder.ToTable("packages");
    }
}
