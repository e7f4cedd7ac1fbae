using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>Who may have a name: one account at a time, nothing below another account's name, never a name of the house. Only
/// an approved name is anybody's: a claim without proof keeps nobody else away, so that no name can be squatted.
/// Runs inside the transaction of the change, one claim after the other in the whole house.</summary>
public sealed class DomainClaims(PanelDb db, AuditTrail audit, TimeProvider time, IOptions<HostingOptions> hosting, IOptions<PanelOptions> panel)
{
    // Any constant number serves; it only has to be the same in every node of one house.
    private const long AdvisoryLock = 0x444F4D41494E;

    /// <summary>An admin's word is an approval, so their name is served at once; a member's own waits for one.</summary>
    public static bool Approves(Actor by) => by.IsAdmin && (by.Scopes is null || by.Scopes.Contains("admin:write"));

    internal async Task<Outcome<SiteDomain>> AddAsync(Actor by, Member member, string typed, Site? site, string field, CancellationToken ct)
    {
        var parsed = DomainName.ParseServed(typed, field);
        if (parsed.Refused is { } unreadable)
        {
            return unreadable;
        }

        var name = parsed.Value!.Ascii;
        if (await RefuseAsync(member, name, field, ct) is { } no)
        {
            return no;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var domain = new SiteDomain
        {
            MemberId = member.Id,
            SiteId = site?.Id,
            Name = name,
            Typed = parsed.Value.Unicode,
            Proof = RandomNumberGenerator.GetHexString(32, lowercase: true),
            AddedAt = now,
        };
        var above = DomainName.Holding(name).ToList();
        // Whoever holds a name holds what lies below it.
        if (Approves(by) || await db.Set<SiteDomain>().AnyAsync(d => d.MemberId == member.Id && d.ApprovedAt != null && above.Contains(d.Name), ct))
        {
            domain.Approve(now);
        }

        db.Add(domain);
        audit.Add(by, member.Id, "domain.add", name, ("site", null, site?.Name), ("approved", null, domain.ApprovedAt is null ? "no" : "yes"));
        await db.SaveChangesAsync(ct);
        return domain;
    }

    private async Task<Refusal?> RefuseAsync(Member member, string name, string field, CancellationToken ct)
    {
        var (house, own) = (hosting.Value.Base, panel.Value.PublicUri.IdnHost);
        var bare = DomainName.Bare(name);
        if (DomainName.IsWithin(bare, house) || DomainName.IsWithin(bare, own) || DomainName.IsWithin(own, bare) || (bare != name && DomainName.IsWithin(house, bare)))
        {
            return new Refusal($"{name} belongs to the house itself.", field);
        }

        var limit = await db.Set<Package>().Where(p => p.Id == member.PackageId).Select(p => p.Domains).SingleAsync(ct);
        var used = await db.Set<SiteDomain>().CountAsync(d => d.MemberId == member.Id, ct);
        if (used >= limit)
        {
            return new Refusal($"The package of {member.Handle} has room for {limit} domains, and {used} are there. Remove one, or ask an admin for a larger package.", field);
        }

        return await db.Set<SiteDomain>().AnyAsync(d => d.MemberId == member.Id && d.Name == name, ct)
            ? new Refusal($"{name} is yours already.", field)
            : await TakenAsync(member.Id, name, field, ct);
    }

    /// <summary>Null when no other account stands in the way of this one having the name. Holds until the end of the transaction.</summary>
    internal async Task<Refusal?> TakenAsync(long memberId, string name, string field, CancellationToken ct)
    {
        if (db.IsPostgres)
        {
            // SQLite has one writer anyway.
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({AdvisoryLock})", ct);
        }

        // All names below one are claimed as that one is: nobody else may have it, one above it, or one below it.
        var above = DomainName.Holding(name).ToList();
        var below = "." + DomainName.Bare(name);
        var near = await db.Set<SiteDomain>().AsNoTracking()
            .FirstOrDefaultAsync(d => d.ApprovedAt != null && d.MemberId != memberId && (d.Name == name || above.Contains(d.Name) || d.Name.EndsWith(below)), ct);
        return near switch
        {
            null => null,
            { } same when same.Name == name => new Refusal($"{name} is in use by another account.", field),
            { } other when other.Name.Length < name.Length => new Refusal($"{name} lies below a name that another account has.", field),
            _ => new Refusal($"Another account has a name below {name}. An admin must first settle whose it is.", field),
        };
    }
}
