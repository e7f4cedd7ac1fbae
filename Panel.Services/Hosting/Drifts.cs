using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>A change by hand: <paramref name="State"/> is <c>healed</c> or <c>left</c> (its account is pinned).</summary>
public sealed record DriftPage(long Id, string Host, string Handle, string State, DateTime FoundAt, DateTime SeenAt, IReadOnlyList<string> Lines);

/// <summary>What was changed by hand on hosts and put back, and the accounts on which it is left; for admins.</summary>
public sealed class Drifts(PanelDb db, Hosts hosts, Revisions revisions, AuditTrail audit, TimeProvider time)
{
    private const int Shown = 50, MostLines = 200, LongestLine = 500;

    public async Task<Outcome<IReadOnlyList<DriftPage>>> ListAsync(Actor by, string name, CancellationToken ct)
    {
        if (await hosts.FindAsync(by, name, ct) is not { } host)
        {
            return new NotThere($"host {name}");
        }

        var rows = await db.Set<Drift>().AsNoTracking().Where(d => d.HostId == host.Id).OrderByDescending(d => d.Id).Take(Shown)
            .Join(db.Users, d => d.MemberId, m => m.Id, (d, m) => new { Drift = d, m.UserName }).ToListAsync(ct);
        return rows.OrderByDescending(r => r.Drift.Id).Select(r => new DriftPage(
            r.Drift.Id, host.Name, r.UserName!, r.Drift.HealedAt is null ? "left" : "healed", r.Drift.FoundAt, r.Drift.SeenAt, AgentWire.ReadLines(r.Drift.Lines))).ToList();
    }

    /// <summary>Handles of the accounts on a host that are left as they were changed by hand.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> PinnedAsync(Actor by, string name, CancellationToken ct) => await hosts.FindAsync(by, name, ct) is not { } host
        ? new NotThere($"host {name}")
        : await db.Set<Placement>().Where(p => p.HostId == host.Id && p.PinnedAt != null).Join(db.Users, p => p.MemberId, m => m.Id, (_, m) => m.UserName!).OrderBy(h => h).ToListAsync(ct);

    /// <summary>Pinned, an account is left as it is found; unpinned, the next full pass puts it back. A change in Panel is made either way.</summary>
    public async Task<Outcome<Done>> PinAsync(Actor by, string name, string handle, bool pin, CancellationToken ct)
    {
        if (await hosts.FindAsync(by, name, ct) is not { } host || await db.Users.SingleOrDefaultAsync(m => m.UserName == handle, ct) is not { } member)
        {
            return new NotThere($"account {handle} on host {name}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await revisions.RaiseAsync(member.Id, ct) is not { } placement || placement.HostId != host.Id)
        {
            return new NotThere($"account {handle} on host {name}");
        }

        audit.Add(by, member.Id, pin ? "account.pin" : "account.unpin", handle, ("pinned", placement.PinnedAt is null ? "no" : "yes", pin ? "yes" : "no"));
        placement.PinnedAt = pin ? placement.PinnedAt ?? time.GetUtcNow().UtcDateTime : null;
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    /// <summary>Takes what a host found, inside the transaction of its report; what is left the same way again is the same row.</summary>
    internal async Task TakeAsync(long host, IReadOnlyList<DriftReport> found, IReadOnlyDictionary<string, long> members, DateTime now, CancellationToken ct)
    {
        foreach (var one in found.Where(f => members.ContainsKey(f.Handle)))
        {
            var lines = AgentWire.Write([.. one.Lines.Take(MostLines).Select(l => l.Length > LongestLine ? l[..LongestLine] : l)]);
            var open = await db.Set<Drift>().Where(d => d.HostId == host && d.MemberId == members[one.Handle] && d.HealedAt == null).ToListAsync(ct);
            foreach (var over in open.Where(d => one.Healed || d.Lines != lines))
            {
                over.HealedAt = now;
            }

            if (open.Find(d => d.HealedAt is null) is { } same)
            {
                same.SeenAt = now;
            }
            else if (one.Lines.Count > 0 && !(one.Healed && open.Exists(d => d.Lines == lines)))
            {
                db.Add(new Drift { HostId = host, MemberId = members[one.Handle], FoundAt = now, SeenAt = now, HealedAt = one.Healed ? now : null, Lines = lines });
            }
        }
    }
}
