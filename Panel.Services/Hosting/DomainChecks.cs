using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>Looks claimed names up in the DNS. A name whose TXT row holds its proof is approved and served at once.</summary>
public sealed class DomainChecks(
    PanelDb db, Members.Members members, Revisions revisions, DomainClaims claims, NameLookup lookup, SiteViews views, AuditTrail audit, TimeProvider time)
{
    /// <summary>A claim that nobody proves is looked at by itself this long.</summary>
    public static readonly TimeSpan Hope = TimeSpan.FromDays(7);

    private const int MostAtOnce = 50;

    /// <summary>One name, now. Approved names are looked up too, for what they lead to.</summary>
    public async Task<Outcome<DomainPage>> CheckAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        var ascii = DomainName.ParseServed(name, "name").Value?.Ascii;
        if (ascii is null || await members.ReachAsync(by, handle, ct) is not { } member
            || await db.Set<SiteDomain>().AsNoTracking().SingleOrDefaultAsync(d => d.MemberId == member.Id && d.Name == ascii, ct) is not { } known)
        {
            return new NotThere($"domain {name} of {handle}");
        }

        return await LookAsync(by, known, ct);
    }

    /// <summary>Claims that wait: every minute in their first hour, then every hour for a week. Safe to run twice, late, or on two nodes.</summary>
    public async Task CheckWaitingAsync(Actor by, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (oldest, young, minute, hour) = (now - Hope, now.AddHours(-1), now.AddSeconds(-50), now.AddMinutes(-59));
        var due = await db.Set<SiteDomain>().AsNoTracking()
            .Where(d => d.ApprovedAt == null && d.AddedAt > oldest && (d.CheckedAt == null || d.CheckedAt < hour || (d.AddedAt > young && d.CheckedAt < minute)))
            .OrderBy(d => d.CheckedAt).Take(MostAtOnce).ToListAsync(ct);
        foreach (var domain in due)
        {
            await LookAsync(by, domain, ct);
            db.ChangeTracker.Clear();
        }
    }

    private async Task<Outcome<DomainPage>> LookAsync(Actor by, SiteDomain known, CancellationToken ct)
    {
        var (proof, a, aaaa) = (
            lookup.AskAsync(DomainRows.ProofName(known.Name), "TXT", ct), lookup.AskAsync(known.Name, "A", ct), lookup.AskAsync(known.Name, "AAAA", ct));
        var found = new DomainFound(await proof, await a, await aaaa);
        var proves = known.ApprovedAt is null && found.Proof.Values.Contains(DomainRows.ProofValue(known.Proof));

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var placement = proves ? await revisions.RaiseAsync(known.MemberId, ct) : null;
        // Removed meanwhile, or claimed anew with another proof.
        if (await db.Set<SiteDomain>().SingleOrDefaultAsync(d => d.Id == known.Id, ct) is not { } domain)
        {
            return new NotThere($"domain {known.Name}");
        }

        domain.Look(found.Write(), time.GetUtcNow().UtcDateTime);
        Refusal? taken = null;
        if (proves && domain.ApprovedAt is null && (taken = await claims.TakenAsync(domain.MemberId, domain.Name, "name", ct)) is null)
        {
            domain.Approve(time.GetUtcNow().UtcDateTime);
            audit.Add(by, domain.MemberId, "domain.prove", domain.Name, ("approved", "no", "yes"));
        }

        var site = await db.Set<Site>().SingleOrDefaultAsync(s => s.Id == domain.SiteId && s.RemovedAt == null, ct);
        if (placement is not null && site is not null)
        {
            site.Revision = placement.Revision;
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return taken is null ? views.PageOf(domain, site?.Name) : new InTheWay(taken.Message, "name");
    }
}
