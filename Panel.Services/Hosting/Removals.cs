using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Services.Newsletters.Importing;

namespace Panel.Services.Hosting;

/// <summary>What becomes of removed accounts: a last archive, 30 days of grace on the host, then nothing is left there; the archive stays a year
/// longer. Handle and uid stay taken for ever. Only this front door sets an account to erased: a row that is missing erases nothing.</summary>
public sealed class Removals(
    PanelDb db, Revisions revisions, LiveChanges live, Erasure erasure, ImportFolder imports, HostArchives archives, AuditTrail audit, TimeProvider time)
{
    public static readonly TimeSpan Grace = TimeSpan.FromDays(30);

    /// <summary>How long the last archive stays after the account was erased.</summary>
    public static readonly TimeSpan ArchiveLife = TimeSpan.FromDays(365);

    private readonly List<string> files = [];

    /// <summary>Takes every removed account one step on. Safe to run twice, late, or on two nodes at once.</summary>
    public async Task ContinueAsync(Actor by, CancellationToken ct)
    {
        var due = by.IsAdmin ? await db.Set<Placement>().Join(db.Users, p => p.MemberId, m => m.Id, (p, m) => new { p.MemberId, p.ForgottenAt, m.RemovedAt })
            .Where(p => p.RemovedAt != null && p.ForgottenAt == null).Select(p => p.MemberId).ToListAsync(ct) : [];
        foreach (var id in due)
        {
            db.ChangeTracker.Clear();
            if (await IsDueAsync(id, ct) is { } member)
            {
                await erasure.DrainAsync(member, ct);
            }

            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            files.Clear();
            if (await StepAsync(by, id, ct))
            {
                await db.SaveChangesAsync(ct);
                await transaction.CommitAsync(ct);
                files.ForEach(File.Delete);
            }
        }
    }

    /// <summary>Looks without locking anything, because what follows is long; the step looks again.</summary>
    private async Task<Member?> IsDueAsync(long id, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var at = await (
            from placement in db.Set<Placement>().AsNoTracking()
            join member in db.Users.AsNoTracking() on placement.MemberId equals member.Id
            join host in db.Set<Host>().AsNoTracking() on placement.HostId equals host.Id
            where placement.MemberId == id
            select new { Placement = placement, Member = member, Host = host }).SingleAsync(ct);
        return MayStep(at.Placement, at.Member, at.Host, now) && (at.Placement.ErasedAt is not null ? at.Member.Email is { Length: > 0 }
            : now >= at.Member.RemovedAt + Grace && await IsKeptAsync(at.Member, ct)) ? at.Member : null;
    }

    private static bool MayStep(Placement placement, Member member, Host host, DateTime now) =>
        member.RemovedAt is not null && placement.ForgottenAt is null && host.RemovalsHeldAt is null && !host.IsSilent(now);

    private Task<bool> IsKeptAsync(Member member, CancellationToken ct) => db.Set<Backup>().AnyAsync(b => b.MemberId == member.Id && b.MadeAt >= member.RemovedAt, ct);

    private async Task<bool> StepAsync(Actor by, long id, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        // Raising the host's number locks its row; without a commit nothing of it stays.
        var placement = (await revisions.RaiseAsync(id, ct))!;
        var member = await db.Users.AsNoTracking().SingleAsync(m => m.Id == id, ct);
        var host = await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct);
        if (!MayStep(placement, member, host, now) || member.RemovedAt is not { } removed)
        {
            return false;
        }

        if (placement.ErasedAt is { } erased)
        {
            // One that an earlier version erased on its host only.
            if (member.Email is { Length: > 0 })
            {
                await EraseRowsAsync(member, ct);
                return true;
            }

            return now >= erased + ArchiveLife && await AskAsync(by, host, AgentWork.Forget, member, now, ct);
        }

        if (!await IsKeptAsync(member, ct))
        {
            return await IsOutAsync(host, member, ct) && await AskAsync(by, host, AgentWork.Backup, member, now, ct);
        }

        if (now < removed + Grace)
        {
            return false;
        }

        (placement.ErasedAt, placement.StatusRevision) = (now, placement.Revision);
        await EraseRowsAsync(member, ct);
        audit.Add(by, id, "member.erase", member.Handle, ("removed", null, $"{removed:u}"));
        return true;
    }

    private async Task EraseRowsAsync(Member member, CancellationToken ct)
    {
        var (read, answered) = await erasure.EraseAsync(member, ct);
        files.AddRange(read.SelectMany(i => new[] { imports.PeopleOf(i), imports.ErrorsOf(i) }));
        files.AddRange(answered.Select(archives.PathOf).Where(File.Exists));
    }

    /// <summary>The host has put the account aside.</summary>
    private Task<bool> IsOutAsync(Host host, Member member, CancellationToken ct) =>
        db.Set<ItemStatus>().AnyAsync(s => s.HostId == host.Id && s.MemberId == member.Id && s.Kind == ItemStatus.Account && s.State == ItemState.Removed, ct);

    private async Task<bool> AskAsync(Actor by, Host host, AgentWork work, Member member, DateTime now, CancellationToken ct)
    {
        var recent = now - HostRequest.Life;
        if (await db.Set<HostRequest>().AnyAsync(r => r.HostId == host.Id && r.Work == work && r.Handle == member.UserName && r.AskedAt > recent && (r.AnsweredAt == null || r.Failure != null), ct))
        {
            return false;
        }

        db.Add(new HostRequest { HostId = host.Id, Work = work, Handle = member.Handle, AskedBy = by.Name, AskedAt = now });
        live.AfterCommit(db, LiveChanges.Host(host.Id));
        return true;
    }

    /// <summary>Takes what a host says of a repository that it was told to delete into the caller's transaction.</summary>
    internal async Task TakeAsync(HostRequest request, HostReport report, DateTime now, CancellationToken ct)
    {
        if (request.Work == AgentWork.Forget && report.Failure is null && await db.Set<Placement>().Join(db.Users.Where(m => m.UserName == request.Handle), p => p.MemberId, m => m.Id, (p, m) => p).SingleOrDefaultAsync(ct) is { } placement)
        {
            placement.ForgottenAt = now;
            db.RemoveRange(await db.Set<Backup>().Where(b => b.MemberId == placement.MemberId).ToListAsync(ct));
            // Nothing is left that its password would open, nor of what the host said while it went.
            await db.Database.ExecuteSqlAsync($"DELETE FROM backup_secrets WHERE member_id = {placement.MemberId}", ct);
            db.RemoveRange(await db.Set<ItemStatus>().Where(s => s.MemberId == placement.MemberId).ToListAsync(ct));
        }
    }
}
