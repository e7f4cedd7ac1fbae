using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Members;

/// <summary>A member's key to the API: kept only as a keyed hash, limited by scopes and time, revocable.</summary>
public sealed class ApiToken
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Name { get; init; }

    public required string TokenHash { get; init; }

    /// <summary>Space-separated, as in <c>finger:write sites:read</c>.</summary>
    public required string Scopes { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime ExpiresAt { get; init; }

    public DateTime? RevokedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<ApiToken>
    {
        public void Configure(EntityTypeBuilder<ApiToken> builder) => builder.ToTable("api_tokens");
    }
}
