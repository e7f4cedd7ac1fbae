using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Audit;

/// <summary>One change: who, by which door, what. Entries are only ever added; each carries the hash of the one before
/// in its chain (one chain per member, chain 0 for the house).</summary>
public sealed class AuditEntry
{
    public long Id { get; init; }

    public long Chain { get; init; }

    public long Number { get; internal set; }

    public DateTime At { get; init; }

    public required string Actor { get; init; }

    public Door Door { get; init; }

    /// <summary>Noun and verb, as in <c>site.add</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The thing's own name within its member.</summary>
    public required string Target { get; init; }

    public string Hash { get; internal set; } = "";

    public List<AuditValue> Values { get; init; } = [];

    internal sealed class Mapping : IEntityTypeConfiguration<AuditEntry>, IEntityTypeConfiguration<AuditValue>, IEntityTypeConfiguration<AuditHead>
    {
        public void Configure(EntityTypeBuilder<AuditEntry> builder)
        {
            builder.ToTable("audit_entries");
            builder.HasMany(e => e.Values).WithOne().HasForeignKey(v => v.EntryId);
        }

        public void Configure(EntityTypeBuilder<AuditValue> builder)
        {
            builder.ToTable("audit_values");
            builder.HasKey(v => new { v.EntryId, v.Field });
        }

        public void Configure(EntityTypeBuilder<AuditHead> builder)
        {
            builder.ToTable("audit_heads");
            builder.HasKey(h => h.Chain);
            builder.Property(h => h.Chain).ValueGeneratedNever();
        }
    }
}

/// <summary>Old and new value of one field. The hashes are part of the chain; the values themselves may be emptied when a
/// person is erased, and the chain still verifies.</summary>
public sealed class AuditValue
{
    public long EntryId { get; init; }

    public required string Field { get; init; }

    public string? OldHash { get; init; }

    public string? NewHash { get; init; }

    public string? Old { get; set; }

    public string? New { get; set; }
}

/// <summary>The end of one chain.</summary>
public sealed class AuditHead
{
    public long Chain { get; init; }

    public long Number { get; set; }

    public string Hash { get; set; } = "";
}
