using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

public sealed record NewKey(string? PublicKey);

/// <summary>A key that opens the member's SFTP; <paramref name="State"/> is that of a site.</summary>
public sealed record KeyPage(long Id, string Type, string Fingerprint, string Comment, DateTime AddedAt, string State, string? Reason);

/// <summary>The SSH public keys of a member. Options, certificates and private keys are never stored.</summary>
public sealed class Keys(PanelDb db, Members.Members members, Revisions revisions, AuditTrail audit, TimeProvider time)
{
    /// <summary>More keys than one account needs; the file that holds them stays small.</summary>
    public const int Most = 50;

    public async Task<Outcome<KeyPage>> AddAsync(Actor by, string handle, NewKey wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed, so nothing can be added.");
        }

        var parsed = PublicKey.Parse(wanted.PublicKey);
        if (parsed.Refused is { } unreadable)
        {
            return unreadable;
        }

        var key = parsed.Value!;
        // The clock of finger before the account's row, as everywhere, so that two changes never wait for each other.
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        if (await revisions.RaiseAsync(member.Id, ct) is not { } placement)
        {
            return new InTheWay("No host carries this account yet, so it cannot have a key.");
        }

        var known = await db.Set<SshKey>().Where(k => k.MemberId == member.Id).Select(k => k.Fingerprint).ToListAsync(ct);
        if (known.Contains(key.Fingerprint))
        {
            return new Refusal("This key is there already.", "publicKey");
        }

        if (known.Count >= Most)
        {
            return new Refusal($"An account has at most {Most} keys. Remove one that is no longer used.", "publicKey");
        }

        var row = new SshKey
        {
            MemberId = member.Id,
            Type = key.Type,
            Body = key.Body,
            Fingerprint = key.Fingerprint,
            Comment = key.Comment,
            Revision = placement.Revision,
            AddedAt = time.GetUtcNow().UtcDateTime,
        };
        db.Add(row);
        audit.Add(by, member.Id, "key.add", key.Fingerprint, ("type", null, key.Type), ("comment", null, key.Comment));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (await PagesAsync(member, row.Id, ct))[0];
    }

    public async Task<Outcome<IReadOnlyList<KeyPage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? await PagesAsync(member, null, ct) : new NotThere($"member {handle}");

    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, long id, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        await revisions.RaiseAsync(member.Id, ct);
        if (await db.Set<SshKey>().SingleOrDefaultAsync(k => k.MemberId == member.Id && k.Id == id, ct) is not { } key)
        {
            return new NotThere($"key {id} of {handle}");
        }

        db.Remove(key);
        audit.Add(by, member.Id, "key.remove", key.Fingerprint, ("comment", key.Comment, null));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    private async Task<List<KeyPage>> PagesAsync(Member member, long? id, CancellationToken ct)
    {
        var keys = await db.Set<SshKey>().AsNoTracking().Where(k => k.MemberId == member.Id && (id == null || k.Id == id)).OrderBy(k => k.Id).ToListAsync(ct);
        var placement = await db.Set<Placement>().AsNoTracking().SingleOrDefaultAsync(p => p.MemberId == member.Id, ct);
        var host = placement is null ? null : await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct);
        var said = await db.Set<ItemStatus>().AsNoTracking()
            .Where(s => s.MemberId == member.Id && s.Kind == ItemStatus.KeyItem && host != null && s.HostId == host.Id).ToDictionaryAsync(s => s.Name, ct);
        var now = time.GetUtcNow().UtcDateTime;
        return keys.ConvertAll(k =>
        {
            var status = said.GetValueOrDefault(k.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var needed = Math.Max(k.Revision, placement?.StatusRevision ?? 0);
            var (state, reason) = SiteViews.StateOf(status?.Revision >= needed ? status : null, member, host, now);
            return new KeyPage(k.Id, k.Type, k.Fingerprint, k.Comment, k.AddedAt, state, reason);
        });
    }
}
