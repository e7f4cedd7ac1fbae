using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>What is to be changed; null leaves a thing as it is. An empty <paramref name="Canonical"/> or <paramref name="PhpVersion"/> means
/// none, or the newest.</summary>
public sealed record SiteChange(bool? HttpsOnly = null, string? Canonical = null, string? PhpVersion = null);

/// <summary>How a site answers: by which PHP, by HTTPS only, under which of its names; and what its log says.</summary>
public sealed class SiteSettings(PanelDb db, Members.Members members, Revisions revisions, SiteViews views, HostWork work, AuditTrail audit, TimeProvider time)
{
    public async Task<Outcome<SitePage>> ChangeAsync(Actor by, string handle, string name, SiteChange change, CancellationToken ct)
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

        var page = (await views.OfAsync(member, name, ct))[0];
        if (await CanonicalAsync(site, page, change.Canonical, ct) is { } no)
        {
            return no;
        }

        if (change.PhpVersion is { } php && await RefusePhpAsync(site, placement, php, ct) is { } notThis)
        {
            return notThis;
        }

        site.PhpVersion = change.PhpVersion is null ? site.PhpVersion : change.PhpVersion.Length > 0 ? change.PhpVersion : null;
        site.HttpsOnlyAt = change.HttpsOnly switch { true => site.HttpsOnlyAt ?? time.GetUtcNow().UtcDateTime, false => null, null => site.HttpsOnlyAt };
        site.Revision = placement.Revision;
        audit.Add(
            by, member.Id, "site.change", site.Name, ("httpsOnly", page.HttpsOnly ? "yes" : "no", site.HttpsOnlyAt is null ? "no" : "yes"),
            ("canonical", page.Canonical, site.Canonical), ("phpVersion", page.PhpVersion, site.PhpVersion));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (await views.OfAsync(member, name, ct))[0];
    }

    /// <summary>The end of the site's access log, one JSON object a line, oldest first.</summary>
    public async Task<Outcome<HostAnswer>> LogAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member || !await db.Set<Site>().AnyAsync(s => s.MemberId == member.Id && s.Name == name && s.RemovedAt == null, ct)
            || await db.Set<Placement>().AsNoTracking().SingleOrDefaultAsync(p => p.MemberId == member.Id, ct) is not { } placement)
        {
            return new NotThere($"site {name} of {handle}");
        }

        return await work.LogAsync(by, placement.HostId, member.Handle, name, ct);
    }

    private async Task<Refusal?> CanonicalAsync(Site site, SitePage page, string? wanted, CancellationToken ct)
    {
        if (wanted is null or "")
        {
            site.Canonical = wanted is null ? site.Canonical : null;
            return null;
        }

        var ascii = wanted == page.Address ? wanted : DomainName.Parse(wanted, "canonical").Value?.Ascii;
        if (ascii != page.Address && !await db.Set<SiteDomain>().AnyAsync(d => d.SiteId == site.Id && d.Name == ascii && d.ApprovedAt != null, ct))
        {
            return new Refusal($"{wanted} is not one of the names that lead to {site.Name}. Add it first, and show that it is yours.", "canonical");
        }

        site.Canonical = ascii;
        return null;
    }

    private async Task<Refusal?> RefusePhpAsync(Site site, Placement placement, string version, CancellationToken ct)
    {
        if (site.Kind != Panel.Hosting.SiteKind.Php)
        {
            return version.Length == 0 ? null : new Refusal("Only a php site has a PHP version.", "phpVersion");
        }

        var facts = (await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct)).ReadFacts();
        return version.Length == 0 || facts is null || facts.PhpVersions.Contains(version) ? null : new Refusal($"This host has PHP {string.Join(", ", facts.PhpVersions)}.", "phpVersion");
    }
}
