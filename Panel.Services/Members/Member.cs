using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Panel.Services.Members;

/// <summary>A person or group with an account. <see cref="Handle"/> is the Unix user, the finger login and the path in
/// URLs; handle and uid belong to this member for ever, also after removal.</summary>
public sealed class Member : IdentityUser<long>
{
    /// <summary>First uid given to members; uid = this + member id, so that it is never reused.</summary>
    public const int FirstUid = 200_000;

    public string Handle => UserName!;

    public string Name { get; set; } = "";

    public long PackageId { get; set; }

    /// <summary>The secret shared with the member's authenticator, sealed by Data Protection; counts once
    /// <see cref="IdentityUser{TKey}.TwoFactorEnabled"/> is on.</summary>
    public string? TotpSecret { get; set; }

    /// <summary>The last 30-second step whose code was taken, so that no code counts twice (RFC 6238 §5.2).</summary>
    public long? TotpStep { get; set; }

    public DateTime CreatedAt { get; init; }

    /// <summary>When the invitation was accepted; null while it is open.</summary>
    public DateTime? JoinedAt { get; private set; }

    public DateTime? AdminAt { get; private set; }

    public DateTime? SuspendedAt { get; private set; }

    public DateTime? RemovedAt { get; private set; }

    /// <summary>The host that an admin chose while adding the member; not kept.</summary>
    public string? WantedHost { get; init; }

    public int Uid => FirstUid + checked((int)Id);

    public bool IsAdmin => AdminAt is not null;

    public bool IsActive => SuspendedAt is null && RemovedAt is null;

    public string Status => RemovedAt is not null ? "removed" : SuspendedAt is not null ? "suspended" : JoinedAt is null ? "invited" : "active";

    public void Join(DateTime at) => JoinedAt ??= at;

    public void MakeAdmin(DateTime at) => AdminAt ??= at;

    public void Suspend(DateTime at) => SuspendedAt ??= at;

    public void Resume() => SuspendedAt = null;

    public void Remove(DateTime at) => RemovedAt ??= at;

    internal sealed class Mapping : IEntityTypeConfiguration<Member>, IEntityTypeConfiguration<IdentityUserPasskey<long>>
    {
        public void Configure(EntityTypeBuilder<Member> builder)
        {
            builder.ToTable("members");
            builder.Property(m => m.UserName).HasColumnName("handle").IsRequired();
            builder.Property(m => m.NormalizedUserName).HasColumnName("normalized_handle").IsRequired();
            builder.Ignore(m => m.Handle);
            builder.Ignore(m => m.WantedHost);

            // SQLite compares no DateTimeOffset; as UTC DateTime it does, like every other time here.
            builder.Property(m => m.LockoutEnd).HasConversion(new ValueConverter<DateTimeOffset, DateTime>(
                end => end.UtcDateTime, end => new DateTimeOffset(DateTime.SpecifyKind(end, DateTimeKind.Utc))));
        }

        public void Configure(EntityTypeBuilder<IdentityUserPasskey<long>> builder)
        {
            builder.ToTable("member_passkeys");
            builder.OwnsOne(p => p.Data).ToJson("data");
        }
    }
}
