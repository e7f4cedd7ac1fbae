using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Audit;

public sealed record AuditChange(string Field, string? Old, string? New);

public sealed record AuditPage(long Id, DateTime At, string Actor, Door Door, string Action, string Target, string? Member, IReadOnlyList<AuditChange> Changes);

/// <summary>How many entries were read, and the first that does not fit its chain, if any.</summary>
public sealed record AuditVerdict(long Entries, string? Broken);

/// <summary>Everything that changed: written in the transaction of the change, visible to its owner, provable.</summary>
public sealed class AuditTrail(PanelDb db, HouseKeys keys, TimeProvider time)
{
    public const int PageSize = 100;

    /// <summary>Adds an entry to the current unit of work; it is linked and stored by the next save, together with the change.</summary>
    public void Add(Actor by, long? memberId, string action, string target, params ReadOnlySpan<(string Field, string? Old, string? New)> changes)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var entry = new AuditEntry
        {
            Chain = memberId ?? 0,
            At = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            Actor = by.Name,
            Door = by.Door,
            Action = action,
            Target = target,
        };
        foreach (var (field, old, @new) in changes)
        {
            entry.Values.Add(new AuditValue { Field = field, Old = old, New = @new, OldHash = HashOf(old), NewHash = HashOf(@new) });
        }

        db.Add(entry);
    }

    /// <summary>The newest entries first: a member's own, or everybody's for an admin without <paramref name="handle"/>.
    /// <paramref name="before"/> is the id to go on from.</summary>
    public async Task<Outcome<IReadOnlyList<AuditPage>>> ListAsync(Actor by, string? handle, long? before, CancellationToken ct)
    {
        if (handle is null && !by.IsAdmin)
        {
            return new NotAllowed("Only an admin reads everybody's audit.");
        }

        var chain = handle is null ? null : await db.Users.Where(m => m.UserName == handle && (by.IsAdmin || m.Id == by.MemberId)).Select(m => (long?)m.Id).SingleOrDefaultAsync(ct);
        if (handle is not null && chain is null)
        {
            return new NotThere($"member {handle}");
        }

        var entries = await db.Set<AuditEntry>().AsNoTracking().Include(e => e.Values)
            .Where(e => (chain == null || e.Chain == chain) && (before == null || e.Id < before))
            .OrderByDescending(e => e.Id).Take(PageSize).ToListAsync(ct);
        var chains = entries.Select(e => e.Chain).Distinct().ToList();
        var names = await db.Users.Where(m => chains.Contains(m.Id)).ToDictionaryAsync(m => m.Id, m => m.UserName, ct);
        return entries.ConvertAll(e => new AuditPage(
            e.Id, e.At, e.Actor, e.Door, e.Action, e.Target, names.GetValueOrDefault(e.Chain),
            [.. e.Values.Select(v => new AuditChange(v.Field, v.Old, v.New))]));
    }

    /// <summary>Reads every chain from its start and checks each hash, each number and the chain's end.</summary>
    public async Task<Outcome<AuditVerdict>> VerifyAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin verifies the audit.");
        }

        var heads = await db.Set<AuditHead>().AsNoTracking().OrderBy(h => h.Chain).ToListAsync(ct);
        var read = 0L;
        foreach (var head in heads)
        {
            var (number, previous) = (0L, "");
            await foreach (var entry in db.Set<AuditEntry>().AsNoTracking().Include(e => e.Values)
                .Where(e => e.Chain == head.Chain).OrderBy(e => e.Number).AsAsyncEnumerable().WithCancellation(ct))
            {
                read++;
                number++;
                if (entry.Number != number || entry.Hash != AuditChain.HashOf(entry, previous) || entry.Values.Exists(Altered))
                {
                    return new AuditVerdict(read, $"entry {entry.Id} (chain {head.Chain}, number {entry.Number})");
                }

                previous = entry.Hash;
            }

            if (number != head.Number || previous != head.Hash)
            {
                return new AuditVerdict(read, $"the end of chain {head.Chain}: {head.Number} entries expected, {number} found");
            }
        }

        var orphaned = await db.Set<AuditEntry>().Where(e => !db.Set<AuditHead>().Any(h => h.Chain == e.Chain)).Select(e => (long?)e.Id).FirstOrDefaultAsync(ct);
        return new AuditVerdict(read, orphaned is null ? null : $"entry {orphaned} belongs to no chain");
    }

    private bool Altered(AuditValue value) =>
        (value.Old is not null && HashOf(value.Old) != value.OldHash) || (value.New is not null && HashOf(value.New) != value.NewHash);

    private string? HashOf(string? value) => value is null ? null : keys.Hash("audit", value);
}
