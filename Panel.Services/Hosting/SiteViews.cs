using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Hosting;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>Where files of a site go by SFTP.</summary>
public sealed record SftpAddress(string Host, int Port, string User, string Path);

/// <summary>One name of a member. <paramref name="State"/> is <c>approved</c> or <c>waiting</c>; one that waits is not served. It is
/// approved when the first of its <paramref name="Rows"/> is found in the DNS, or by an admin.</summary>
public sealed record DomainPage(
    long Id, string Name, string Typed, string? Site, string State, DateTime AddedAt, DateTime? ApprovedAt, DateTime? CheckedAt, IReadOnlyList<DomainRow> Rows);

/// <summary>How a site's HTTPS stands. <paramref name="State"/> is <c>issued</c>, <c>pending</c> (being ordered; self-signed until then),
/// <c>failed</c> (with the reason; an older certificate serves on until <paramref name="Until"/>) or <c>off</c> (self-signed: the house asks
/// no certificate authority, or the site has no public name).</summary>
public sealed record CertificatePage(string State, string? Reason, DateTime? Until);

/// <summary>A site as its owner sees it. <paramref name="State"/> is <c>live</c>, <c>pending</c>, <c>failed</c> or <c>suspended</c>,
/// always from what the host has reported; <paramref name="Reason"/> says why it is not live.</summary>
public sealed record SitePage(
    long Id, string Handle, string Name, string Kind, string? PhpVersion, string Address, Uri Url, string State, string? Reason,
    SftpAddress Sftp, IReadOnlyList<DomainPage> Domains, DateTime CreatedAt, DateTime? ReportedAt, long? Milliseconds, string Version,
    CertificatePage? Certificate = null, bool HttpsOnly = false, string? Canonical = null, IReadOnlyList<string>? PhpVersions = null);

/// <summary>Puts together what people wrote and what the host reported.</summary>
public sealed class SiteViews(PanelDb db, IOptions<HostingOptions> options, TimeProvider time)
{
    public async Task<List<SitePage>> OfAsync(Member member, string? name, CancellationToken ct)
    {
        var sites = await db.Set<Site>().AsNoTracking().Where(s => s.MemberId == member.Id && s.RemovedAt == null && (name == null || s.Name == name)).ToListAsync(ct);
        if (sites.Count == 0)
        {
            return [];
        }

        var carried = await db.Set<Placement>().AsNoTracking().Where(p => p.MemberId == member.Id)
            .Join(db.Set<Host>(), p => p.HostId, h => h.Id, (p, h) => new { Placement = p, Host = h }).SingleOrDefaultAsync(ct);
        var (placement, host) = (carried?.Placement, carried?.Host);
        var statuses = await db.Set<ItemStatus>().AsNoTracking()
            .Where(s => s.MemberId == member.Id && (s.Kind == ItemStatus.SiteItem || s.Kind == ItemStatus.CertificateItem) && host != null && s.HostId == host.Id)
            .ToDictionaryAsync(s => (s.Kind, s.Name), ct);
        var domains = await db.Set<SiteDomain>().AsNoTracking().Where(d => d.MemberId == member.Id).OrderBy(d => d.Name).ToListAsync(ct);
        return
        [
            .. sites.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s =>
                Page(
                member, s, placement, host, statuses.GetValueOrDefault((ItemStatus.SiteItem, s.Name)), statuses.GetValueOrDefault((ItemStatus.CertificateItem, s.Name)), domains.Where(d => d.SiteId == s.Id))),
        ];
    }

    private SitePage Page(Member member, Site site, Placement? placement, Host? host, ItemStatus? status, ItemStatus? certificate, IEnumerable<SiteDomain> domains)
    {
        var needed = Math.Max(site.Revision, placement?.StatusRevision ?? 0);
        var said = status is not null && status.Revision >= needed ? status : null;
        var (state, reason) = StateOf(said, member, host, time.GetUtcNow().UtcDateTime);
        var facts = host?.ReadFacts();
        var address = Site.AddressOf(site.Name, member.Handle, options.Value.Base);
        return new SitePage(
            site.Id, member.Handle, site.Name, WordOf(site.Kind), site.PhpVersion, address,
            new UriBuilder(Uri.UriSchemeHttp, address, facts?.HttpPort ?? options.Value.HttpPort).Uri, state, reason,
            new SftpAddress(facts?.SftpHost ?? "localhost", facts?.SftpPort ?? options.Value.SftpPort, member.Handle, $"/sites/{site.Name}/public"),
            [.. domains.Select(d => PageOf(d, site.Name))], site.CreatedAt, said?.At, said?.Milliseconds,
            $"{needed}-{said?.Version ?? 0}-{certificate?.Version ?? 0}-{(host?.IsSilent(time.GetUtcNow().UtcDateTime) == false ? 1 : 0)}",
            CertificateOf(site, certificate, facts, domains.Any(d => d.ApprovedAt is not null) || !address.EndsWith(".localhost", StringComparison.Ordinal)),
            site.HttpsOnlyAt is not null, site.Canonical, site.Kind == SiteKind.Php ? facts?.PhpVersions : null);
    }

    private static CertificatePage CertificateOf(Site site, ItemStatus? said, HostFacts? facts, bool named) => said switch
    {
        _ when facts?.Certificates != true => new("off", "The house asks no certificate authority, so browsers warn of the self-signed certificate. An admin sets Hosting:Acme.", null),
        _ when !named => new("off", "The site has no public name yet, so no authority gives it a certificate. Add a name of your own.", null),
        { State: ItemState.Failed } => new("failed", said.Message, said.Until),
        { State: ItemState.Live } when said.Revision >= site.Revision => new("issued", null, said.Until),
        _ => new("pending", "The certificate is being ordered; until it is there, the self-signed one answers.", said?.Until),
    };

    internal DomainPage PageOf(SiteDomain domain, string? site) => new(
        domain.Id, domain.Name, domain.Typed, site, domain.ApprovedAt is null ? "waiting" : "approved", domain.AddedAt, domain.ApprovedAt, domain.CheckedAt,
        DomainRows.Of(domain, options.Value.ReadAddresses()));

    internal static string WordOf(SiteKind kind) => kind switch { SiteKind.Static => "static", SiteKind.Php => "php", _ => "proxy" };

    /// <summary>State and reason of an item that was changed in a revision which <paramref name="said"/> answers, or not yet.</summary>
    internal static (string State, string? Reason) StateOf(ItemStatus? said, Member member, Host? host, DateTime now) => said switch
    {
        { State: ItemState.Failed } => ("failed", said.Message ?? "The host gave no reason."),
        { State: ItemState.Suspended } => ("suspended", "The account is suspended. Nothing is lost: an admin of the house can resume it."),
        { State: ItemState.Live } => ("live", null),
        { State: ItemState.Held } => ("pending", "The account is being moved to another host: for a moment it can be read and not changed."),
        { State: ItemState.Removed } => ("suspended", "The account was removed. Its files stay on the host for 30 days."),
        _ when host is null => ("pending", "No host carries this account yet. An admin must start the host agent."),
        _ when host.SeenAt is null => ("pending", $"The agent of host {host.Name} has not called yet. Hosting needs infra/run as root."),
        _ when host.IsSilent(now) => ("pending", $"Host {host.Name} was last heard of at {host.SeenAt:yyyy-MM-dd HH:mm} UTC. The change is kept and made when it is back."),
        _ when member.RemovedAt is not null => ("pending", "Being taken out of service: the host has not confirmed it yet."),
        _ when member.SuspendedAt is not null => ("pending", "Being suspended: the host has not confirmed it yet."),
        _ => ("pending", "The host is making the change. This takes about a second."),
    };
}
