using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters;

/// <summary>A domain that a member may send from, with its DKIM key (RFC 6376; RSA 2048, RFC 8301 §3.2).</summary>
public sealed class SenderDomain
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    /// <summary>A-label, lower case; one member only.</summary>
    public required string Domain { get; init; }

    public required string Selector { get; init; }

    /// <summary>PKCS#8, sealed by Data Protection.</summary>
    public required byte[] SealedKey { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? ApprovedAt { get; set; }

    /// <summary>What the last look into the DNS found: <see cref="SenderDomainRow"/>s as JSON.</summary>
    public string? Rows { get; init; }

    public DateTime? CheckedAt { get; init; }

    /// <summary>Since when everything is as receivers want it.</summary>
    public DateTime? RightAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<SenderDomain>
    {
        public void Configure(EntityTypeBuilder<SenderDomain> builder) => builder.ToTable("sender_domains");
    }
}
