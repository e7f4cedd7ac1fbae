using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>A database of a member, with a user of the same name. Of its password only the verifier is kept.</summary>
public sealed class MemberDatabase
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Name { get; init; }

    public DatabaseEngine Engine { get; init; }

    public required string Verifier { get; set; }

    public long Revision { get; set; }

    /// <summary>As last measured; null before that.</summary>
    public long? Bytes { get; private set; }

    public DateTime CreatedAt { get; init; }

    public DateTime? RemovedAt { get; private set; }

    public void Remove(DateTime at) => RemovedAt ??= at;

    internal sealed class Mapping : IEntityTypeConfiguration<MemberDatabase>
    {
        public void Configure(EntityTypeBuilder<MemberDatabase> builder) => builder.ToTable("databases");
    }
}
