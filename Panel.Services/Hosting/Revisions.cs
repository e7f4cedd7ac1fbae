using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Gives a change of an account its number. Must run inside the transaction of the change and before it reads what
/// its checks depend on: the row of the host stays locked until the commit, so changes of one host happen one after the other.</summary>
public sealed class Revisions(PanelDb db, LiveChanges live)
{
    /// <summary>The placement of the member with the new number on it, or null when no host carries the member yet.</summary>
    public async Task<Placement?> RaiseAsync(long memberId, CancellationToken ct)
    {
        var rows = await db.Set<Placement>().Where(p => p.MemberId == memberId)
            .GroupJoin(db.Set<AccountCopy>(), p => p.MemberId, c => c.MemberId, (p, found) => new { p, found })
            .SelectMany(r => r.found.DefaultIfEmpty(), (r, copy) => new { Placement = r.p, Copy = copy }).ToListAsync(ct);
        if (rows.Count == 0)
        {
            return null;
        }

        var (placement, copies) = (rows[0].Placement, rows.Select(r => r.Copy).OfType<AccountCopy>().ToList());
        // In one order everywhere, so that two changes over the same hosts do not wait for each other.
        foreach (var host in copies.Select(c => c.HostId).Append(placement.HostId).Order())
        {
            var raised = await RaiseHostAsync(host, ct);
            if (host == placement.HostId)
            {
                placement.Revision = raised;
            }
            else
            {
                copies.Single(c => c.HostId == host).Revision = raised;
            }
        }

        live.AfterCommit(db, LiveChanges.Member(memberId));
        return placement;
    }

    public async Task<long> RaiseHostAsync(long hostId, CancellationToken ct)
    {
        var raised = await db.Database.SqlQuery<long>($"UPDATE hosts SET revision = revision + 1 WHERE id = {hostId} RETURNING revision AS \"Value\"").ToListAsync(ct);
        live.AfterCommit(db, LiveChanges.Host(hostId));
        return raised.Single();
    }
}
