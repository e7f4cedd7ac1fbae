using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary><paramref name="Approve"/> is for admins, whose word approves anyway: from anybody else it is refused.</summary>
public sealed record NewDomain(string? Name, string? Site = null, bool Approve = false);

/// <summary>A claimed name that waits for an admin.</summary>
public sealed record WaitingDomain(string Handle, DomainPage Domain);

/// <summary>The names of a member's own that lead to sites. Without approval a name is kept but not served.</summary>
public sealed class Domains(
    PanelDb db, Members.Members members, Revisions revisions, DomainClaims claims, SiteViews views, AuditTrail audit, TimeProvider time)
{
    public async Task<Outcome<DomainPage>> AddAsync(Actor by, string handle, NewDomain wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed, so nothing can be added.");
        }

        if (wanted.Approve && !DomainClaims.Approves(by))
        {
            return new NotAllowed("Only an admin approves domains.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var placement = await revisions.RaiseAsync(member.Id, ct);
        Site? site = null;
        if (!string.IsNullOrEmpty(wanted.Site))
        {
            site = await db.Set<Site>().SingleOrDefaultAsync(s => s.MemberId == member.Id && s.Name == wanted.Site && s.RemovedAt == null, ct);
            if (site is null || placement is null)
            {
                return new Refusal($"{handle} has no site {wanted.Site}.", "site");
            }

            site.Revision = placement.Revision;
        }

        var claimed = await claims.AddAsync(by, member, wanted.Name ?? "", site, "name", ct);
        if (claimed.Refused is { } no)
        {
            return no;
        }

        await transaction.CommitAsync(ct);
        return views.PageOf(claimed.Value!, site?.Name);
    }

    public async Task<Outcome<DomainPage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        var ascii = DomainName.ParseServed(name, "name").Value?.Ascii;
        return await members.ReachAsync(by, handle, ct) is { } member
            && await Rows().SingleOrDefaultAsync(r => r.Domain.MemberId == member.Id && r.Domain.Name == ascii, ct) is { } row
            ? views.PageOf(row.Domain, row.Site) : new NotThere($"domain {name} of {handle}");
    }

    public async Task<Outcome<IReadOnlyList<DomainPage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var rows = await Rows().Where(r => r.Domain.MemberId == member.Id).ToListAsync(ct);
        return rows.OrderBy(r => r.Domain.Name, StringComparer.Ordinal).Select(r => views.PageOf(r.Domain, r.Site)).ToList();
    }

    /// <summary>The names of all members that wait for an admin's approval; for admins.</summary>
    public async Task<Outcome<IReadOnlyList<WaitingDomain>>> WaitingAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin approves domains.");
        }

        var rows = await Rows().Where(r => r.Domain.ApprovedAt == null)
            .Join(db.Users, r => r.Domain.MemberId, m => m.Id, (r, m) => new { r.Domain, r.Site, m.UserName }).ToListAsync(ct);
        return rows.OrderBy(r => r.Domain.AddedAt).Select(r => new WaitingDomain(r.UserName!, views.PageOf(r.Domain, r.Site))).ToList();
    }

    public Task<Outcome<Done>> ApproveAsync(Actor by, string handle, string name, CancellationToken ct) =>
        !DomainClaims.Approves(by)
            ? Task.FromResult<Outcome<Done>>(new NotAllowed("Only an admin approves domains."))
            : ChangeAsync(by, handle, name, async domain =>
            {
                if (await claims.TakenAsync(domain.MemberId, domain.Name, "name", ct) is { } taken)
                {
                    return taken;
                }

                domain.Approve(time.GetUtcNow().UtcDateTime);
                audit.Add(by, domain.MemberId, "domain.approve", domain.Name, ("approved", "no", "yes"));
                return null;
            }, ct);

    public Task<Outcome<Done>> RemoveAsync(Actor by, string handle, string name, CancellationToken ct) =>
        ChangeAsync(by, handle, name, domain =>
        {
            db.Remove(domain);
            audit.Add(by, domain.MemberId, "domain.remove", domain.Name);
            return Task.FromResult<Refusal?>(null);
        }, ct);

    private async Task<Outcome<Done>> ChangeAsync(Actor by, string handle, string name, Func<SiteDomain, Task<Refusal?>> change, CancellationToken ct)
    {
        var ascii = DomainName.ParseServed(name, "name").Value?.Ascii;
        if (ascii is null || await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"domain {name} of {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var placement = await revisions.RaiseAsync(member.Id, ct);
        if (await db.Set<SiteDomain>().SingleOrDefaultAsync(d => d.MemberId == member.Id && d.Name == ascii, ct) is not { } domain)
        {
            return new NotThere($"domain {name} of {handle}");
        }

        if (await change(domain) is { } no)
        {
            return no;
        }

        if (placement is not null && await db.Set<Site>().SingleOrDefaultAsync(s => s.Id == domain.SiteId && s.RemovedAt == null, ct) is { } site)
        {
            site.Revision = placement.Revision;
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    private IQueryable<Row> Rows() =>
        from domain in db.Set<SiteDomain>().AsNoTracking()
        join site in db.Set<Site>() on domain.SiteId equals site.Id into sites
        from site in sites.DefaultIfEmpty()
        select new Row { Domain = domain, Site = site == null ? null : site.Name };

    private sealed class Row
    {
        public required SiteDomain Domain { get; init; }

        public string? Site { get; init; }
    }
}
