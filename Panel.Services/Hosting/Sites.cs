using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>What a new site is made from. <paramref name="Kind"/> is <c>static</c>, <c>php</c> or <c>proxy</c>.</summary>
public sealed record NewSite(string? Name, string? Kind = null, IReadOnlyList<string>? Domains = null, string? PhpVersion = null);

/// <summary>The sites of a member. A change is stored with a new revision of the host; the host makes it and reports, and
/// only its report makes a site live.</summary>
public sealed class Sites(
    PanelDb db, Members.Members members, Revisions revisions, DomainClaims claims, SiteViews views, AuditTrail audit, TimeProvider time)
{
    // /sites/new is the form, so a site of that name would have no page.
    private const string NewPage = "new";

    public async Task<Outcome<SitePage>> AddAsync(Actor by, string handle, NewSite wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed, so nothing can be added.");
        }

        if (Handles.CheckName(wanted.Name) is { } badName)
        {
            return badName;
        }

        if (wanted.Name == NewPage)
        {
            return new Refusal($"The name {NewPage} is kept for Panel's own page. Choose another.", "name");
        }

        if (KindOf(wanted.Kind) is not { } kind)
        {
            return new Refusal("The kind of a site is static, php or proxy.", "kind");
        }

        if (wanted.PhpVersion is not null && kind != SiteKind.Php)
        {
            return new Refusal("Only a php site has a PHP version.", "phpVersion");
        }

        var domains = (wanted.Domains ?? []).Where(d => d.Length > 0).ToList();
        if (domains.Select(d => DomainName.ParseServed(d, "domains").Refused).FirstOrDefault(r => r is not null) is { } badDomain)
        {
            return badDomain;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await revisions.RaiseAsync(member.Id, ct) is not { } placement)
        {
            return new InTheWay("No host carries this account yet, so it cannot have a site.");
        }

        if (await RefuseAsync(member, placement, wanted, ct) is { } no)
        {
            return no;
        }

        var site = new Site
        {
            MemberId = member.Id,
            Name = wanted.Name!,
            Kind = kind,
            PhpVersion = wanted.PhpVersion,
            Revision = placement.Revision,
            CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        db.Add(site);
        audit.Add(by, member.Id, "site.add", site.Name, ("kind", null, SiteViews.WordOf(kind)), ("phpVersion", null, site.PhpVersion));
        await db.SaveChangesAsync(ct);
        foreach (var typed in domains)
        {
            var claimed = await claims.AddAsync(by, member, typed, site, "domains", ct);
            if (claimed.Refused is { } refused)
            {
                return refused;
            }
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (await views.OfAsync(member, site.Name, ct))[0];
    }

    public async Task<Outcome<IReadOnlyList<SitePage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? await views.OfAsync(member, null, ct) : new NotThere($"member {handle}");

    public async Task<Outcome<SitePage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member && await views.OfAsync(member, name, ct) is [var page]
            ? page
            : new NotThere($"site {name} of {handle}");

    /// <summary>Takes the site off the web; its own names are free again. The files stay in the account until its owner removes them.</summary>
    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var placement = await revisions.RaiseAsync(member.Id, ct);
        var site = await db.Set<Site>().SingleOrDefaultAsync(s => s.MemberId == member.Id && s.Name == name && s.RemovedAt == null, ct);
        if (site is null || placement is null)
        {
            return new NotThere($"site {name} of {handle}");
        }

        var domains = await db.Set<SiteDomain>().Where(d => d.SiteId == site.Id).ToListAsync(ct);
        db.RemoveRange(domains);
        site.Remove(time.GetUtcNow().UtcDateTime);
        site.Revision = placement.Revision;
        audit.Add(by, member.Id, "site.remove", site.Name, ("domains", string.Join(' ', domains.Select(d => d.Name)), null));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    private async Task<Refusal?> RefuseAsync(Member member, Placement placement, NewSite wanted, CancellationToken ct)
    {
        var limit = await db.Set<Package>().Where(p => p.Id == member.PackageId).Select(p => p.Sites).SingleAsync(ct);
        var names = await db.Set<Site>().Where(s => s.MemberId == member.Id && s.RemovedAt == null).Select(s => s.Name).ToListAsync(ct);
        if (names.Contains(wanted.Name!))
        {
            return new Refusal($"{member.Handle} has a site {wanted.Name} already. Choose another name.", "name");
        }

        if (names.Count >= limit)
        {
            return new Refusal($"The package of {member.Handle} has room for {limit} sites, and {names.Count} are there. Remove one, or ask an admin for a larger package.", "name");
        }

        var facts = wanted.PhpVersion is null ? null : (await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct)).ReadFacts();
        return facts is null || facts.PhpVersions.Contains(wanted.PhpVersion!)
            ? null
            : new Refusal($"This host has PHP {string.Join(", ", facts.PhpVersions)}.", "phpVersion");
    }

    private static SiteKind? KindOf(string? word) => word switch
    {
        "static" => SiteKind.Static,
        "php" => SiteKind.Php,
        "proxy" => SiteKind.Proxy,
        _ => null,
    };
}
