using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Members;

/// <summary>Stands in once for the code of a lost authenticator; kept only as a keyed hash.</summary>
public sealed class RecoveryCode
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string CodeHash { get; init; }

    public DateTime? UsedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<RecoveryCode>
    {
        public void Configure(EntityTypeBuilder<RecoveryCode> builder) => builder.ToTable("recovery_codes");
    }
}
