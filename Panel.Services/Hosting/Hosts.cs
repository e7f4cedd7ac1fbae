using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>One account on a host: <paramref name="State"/> as for a site, and how many of its items failed.</summary>
public sealed record HostAccount(string Handle, string State, string? Reason, long Revision, int Sites, int Failed);

/// <summary>An account that is not at home on this host. <paramref name="State"/> is <c>arriving</c>, <c>kept</c> (an old copy) or <c>erasing</c>.</summary>
public sealed record HostCopy(string Handle, string State, DateTime SinceAt);

/// <summary>A host as admins see it. <paramref name="State"/> is <c>live</c>, <c>silent</c> (not heard of for 2 minutes) or <c>pending</c>
/// (never heard of). <paramref name="Revision"/> is what it should be, <paramref name="ReportedRevision"/> what it has reported.</summary>
public sealed record HostPage(
    long Id, string Name, string State, string? Reason, long Revision, long ReportedRevision, DateTime? SeenAt, DateTime? ReportedAt, long PassMilliseconds,
    HostFacts? Facts, DateTime? RemovalsHeldAt, IReadOnlyList<string> Orphans, IReadOnlyList<HostAccount> Accounts, IReadOnlyList<HostCopy> Copies);

/// <summary>The machines that carry accounts; for admins.</summary>
public sealed class Hosts(PanelDb db, Revisions revisions, AuditTrail audit, TimeProvider time)
{
    /// <summary>Stands for the machine that Panel itself runs on, whatever its name.</summary>
    public const string Local = "local";

    public async Task<Outcome<IReadOnlyList<HostPage>>> ListAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin sees the hosts.");
        }

        var pages = new List<HostPage>();
        foreach (var host in await db.Set<Host>().AsNoTracking().OrderBy(h => h.Id).ToListAsync(ct))
        {
            pages.Add(await PageAsync(host, ct));
        }

        return pages;
    }

    public async Task<Outcome<HostPage>> ShowAsync(Actor by, string name, CancellationToken ct) =>
        await FindAsync(by, name, ct) is { } host ? await PageAsync(host, ct) : new NotThere($"host {name}");

    /// <summary>After a restored database: an admin has looked, and what is marked as removed may be taken away again.</summary>
    public async Task<Outcome<HostPage>> ConfirmRemovalsAsync(Actor by, string name, CancellationToken ct)
    {
        if (await FindAsync(by, name, ct) is not { } known)
        {
            return new NotThere($"host {name}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await revisions.RaiseHostAsync(known.Id, ct);
        var host = await db.Set<Host>().SingleAsync(h => h.Id == known.Id, ct);
        if (host.RemovalsHeldAt is { } since)
        {
            host.RemovalsHeldAt = null;
            host.ConfirmedEpoch = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync(ct);
            audit.Add(by, null, "host.confirm", host.Name, ("removalsHeldAt", $"{since:u}", null));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return await PageAsync(host, ct);
    }

    internal async Task<Host?> FindAsync(Actor by, string name, CancellationToken ct) => !by.IsAdmin
        ? null
        : await db.Set<Host>().AsNoTracking().SingleOrDefaultAsync(h => h.Name == name || (name == Local && h.Link == HostLink.Local), ct);

    internal static (string State, string? Reason) StateOf(Host host, DateTime now) => host switch
    {
        { SeenAt: null, Link: HostLink.Remote } => ("pending", host.JoinedAt is null
            ? "No machine has joined with its line yet. Make a new line when the old one is lost or older than a day."
            : "Its machine has joined, and its agent has not called yet."),
        { SeenAt: null } => ("pending", "Its agent has not called yet. Hosting needs infra/run as root; everything else works without."),
        _ when host.IsSilent(now) => ("silent", $"Last heard of at {host.SeenAt:yyyy-MM-dd HH:mm:ss} UTC. Sites go on as they are; changes wait. Look whether the agent runs."),
        _ => ("live", null),
    };

    private async Task<HostPage> PageAsync(Host host, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var placed = await db.Set<Placement>().AsNoTracking().Where(p => p.HostId == host.Id).Join(db.Users, p => p.MemberId, m => m.Id, (p, m) => new { Placement = p, Member = m }).ToListAsync(ct);
        var statuses = (await db.Set<ItemStatus>().AsNoTracking().Where(s => s.HostId == host.Id).ToListAsync(ct)).ToLookup(s => s.MemberId);
        var sites = (await db.Set<Site>().AsNoTracking().Where(s => s.RemovedAt == null).Select(s => new { s.MemberId, s.Name }).ToListAsync(ct)).ToLookup(s => s.MemberId, s => s.Name);
        var copies = await db.Set<AccountCopy>().AsNoTracking().Where(c => c.HostId == host.Id).Join(db.Users, c => c.MemberId, m => m.Id, (c, m) => new { m.UserName, Copy = c }).ToListAsync(ct);
        var (state, reason) = StateOf(host, now);
        return new HostPage(
            host.Id, host.Name, state, reason, host.Revision, host.ReportedRevision, host.SeenAt, host.ReportedAt, host.PassMilliseconds,
            host.ReadFacts(), host.RemovalsHeldAt, AgentWire.ReadLines(host.Orphans),
            [
                .. placed.OrderBy(p => p.Member.Handle, StringComparer.Ordinal).Select(p =>
                {
                    var all = statuses[p.Member.Id].ToList();
                    var said = all.Find(s => s.Kind == ItemStatus.Account && s.Revision >= p.Placement.Revision);
                    var (accountState, why) = said?.State == ItemState.Removed ? ("removed", null) : SiteViews.StateOf(said, p.Member, host, now);
                    var failed = all.Count(s => s.State == ItemState.Failed && s.Kind == ItemStatus.SiteItem && sites[p.Member.Id].Contains(s.Name));
                    return new HostAccount(p.Member.Handle, accountState, why, p.Placement.Revision, sites[p.Member.Id].Count(), failed);
                }),
            ],
            [.. copies.OrderBy(c => c.UserName, StringComparer.Ordinal).Select(c => new HostCopy(c.UserName!, c.Copy.State.ToString().ToLowerInvariant(), c.Copy.SinceAt))]);
    }
}
