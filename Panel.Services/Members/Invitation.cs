using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Members;

/// <summary>A one-time link. With a member it opens that account; without one it makes the first admin.</summary>
public sealed class Invitation
{
    /// <summary>Long enough for a weekend, short enough that a forgotten mail is no key.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    public long Id { get; init; }

    public long? MemberId { get; init; }

    /// <summary>Keyed hash of the token; the token itself is shown once and not kept.</summary>
    public required string TokenHash { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime ExpiresAt { get; init; }

    public DateTime? UsedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Invitation>
    {
        public void Configure(EntityTypeBuilder<Invitation> builder) => builder.ToTable("invitations");
    }
}
