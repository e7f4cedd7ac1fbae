using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>A web site of a member. <see cref="Revision"/> is the host's number at its last change: only a report of that
/// number or a later one says anything about it.</summary>
public sealed class Site
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Name { get; init; }

    public SiteKind Kind { get; init; }

    /// <summary>Null is the newest one of the host.</summary>
    public string? PhpVersion { get; set; }

    /// <summary>Since when visitors are sent to HTTPS; null is not.</summary>
    public DateTime? HttpsOnlyAt { get; set; }

    /// <summary>The one of its names that the others send their visitors to; null is none.</summary>
    public string? Canonical { get; set; }

    public long Revision { get; set; }

    public DateTime CreatedAt { get; init; }

    public DateTime? RemovedAt { get; private set; }

    public void Remove(DateTime at) => RemovedAt ??= at;

    /// <summary>The name that every site has by itself.</summary>
    public static string AddressOf(string site, string handle, string house) => $"{site}.{handle}.{house}";

    internal sealed class Mapping : IEntityTypeConfiguration<Site>
    {
        public void Configure(EntityTypeBuilder<Site> builder) => builder.ToTable("sites");
    }
}

/// <summary>A name of the member's own. Approved it belongs to one account at a time; until then it is a claim, and not served.</summary>
public sealed class SiteDomain
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    /// <summary>The site it leads to; null while it leads nowhere.</summary>
    public long? SiteId { get; set; }

    /// <summary>A-label, lower case, without the final dot.</summary>
    public required string Name { get; init; }

    /// <summary>As people write it: the Unicode form of <see cref="Name"/>.</summary>
    public required string Typed { get; init; }

    /// <summary>What its owner puts into a TXT row to show that the name is theirs.</summary>
    public required string Proof { get; init; }

    public DateTime AddedAt { get; init; }

    public DateTime? ApprovedAt { get; private set; }

    public DateTime? CheckedAt { get; private set; }

    /// <summary><see cref="DomainFound"/> as JSON.</summary>
    public string? Found { get; private set; }

    public void Approve(DateTime at) => ApprovedAt ??= at;

    public void Look(string found, DateTime at) => (Found, CheckedAt) = (found, at);

    internal sealed class Mapping : IEntityTypeConfiguration<SiteDomain>
    {
        public void Configure(EntityTypeBuilder<SiteDomain> builder) => builder.ToTable("site_domains");
    }
}

/// <summary>A public key that opens a member's SFTP.</summary>
public sealed class SshKey
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Type { get; init; }

    /// <summary>Base64 of the key blob (RFC 4253 section 6.6).</summary>
    public required string Body { get; init; }

    /// <summary><c>SHA256:</c> and unpadded base64, as <c>ssh-keygen -l</c> prints it.</summary>
    public required string Fingerprint { get; init; }

    public required string Comment { get; init; }

    public long Revision { get; init; }

    public DateTime AddedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<SshKey>
    {
        public void Configure(EntityTypeBuilder<SshKey> builder) => builder.ToTable("ssh_keys");
    }
}
