using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>A backup as its owner sees it. <paramref name="Trial"/> is <c>good</c>, <c>failed</c> or <c>not-yet</c>: whether it was read back whole; <paramref name="TrialNotes"/>
/// are what was found when it was restored into a scratch place: files, sites, rows.</summary>
public sealed record BackupPage(long Id, string Snapshot, DateTime MadeAt, long Bytes, IReadOnlyList<string> Notes, string Trial, DateTime? TriedAt, string? TrialFailure, IReadOnlyList<string> TrialNotes);

/// <summary>What to restore: a path such as <c>home/letter.txt</c>, a database, or with neither all of it; in its place, or
/// <paramref name="Beside"/> it in the home.</summary>
public sealed record RestoreWish(string? Path = null, string? Database = null, bool Beside = false);

/// <summary>Paths in a backup, to be restored as they are written here, the first <see cref="Backups.MostFound"/>; <paramref name="More"/> when there may be others.</summary>
public sealed record Found(long Id, IReadOnlyList<string> Paths, bool More);

public sealed record Restored(long Id, string What, string Where, IReadOnlyList<string> Notes, long Milliseconds);

/// <summary>Backups of a member's account, made by its host into a repository of its own, and what comes back of them.</summary>
public sealed class Backups(PanelDb db, Members.Members members, HostWork work, ItemViews views, AuditTrail audit, TimeProvider time)
{
    /// <summary>Large accounts take long; whoever asked may go away, and the work goes on.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Paths that one search shows.</summary>
    public const int MostFound = 50;

    private static readonly TimeSpan Night = TimeSpan.FromHours(20);

    public async Task<Outcome<IReadOnlyList<BackupPage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var rows = await db.Set<Backup>().AsNoTracking().Where(b => b.MemberId == member.Id).OrderByDescending(b => b.Id).Take(200).ToListAsync(ct);
        return rows.ConvertAll(PageOf);
    }

    /// <summary>The backups lie on the disk that holds the account.</summary>
    public async Task<bool> AreOnSameDiskAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member && (await views.OfAsync(member, ItemStatus.Account, ct)).Host?.ReadFacts()?.BackupsOnSameDisk == true;

    /// <summary>Makes one now and waits for it.</summary>
    public async Task<Outcome<BackupPage>> MakeAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null || (await views.OfAsync(member, ItemStatus.Account, ct)).Host is not { } host)
        {
            return new InTheWay("No host carries this account, so there is nothing to back up.");
        }

        if (await db.Set<Move>().AnyAsync(m => m.MemberId == member.Id && m.EndedAt == null && m.SwitchedAt == null, ct))
        {
            return new InTheWay("The account is being moved to another host. Make the backup when it is there.");
        }

        audit.Add(by, member.Id, "backup.make", handle);
        await db.SaveChangesAsync(ct);
        var made = await work.AskAsync(by, host, AgentWork.Backup, handle, null, Limit, ct);
        return made.Refused is { } no ? no : PageOf(await db.Set<Backup>().AsNoTracking().Where(b => b.MemberId == member.Id).OrderByDescending(b => b.Id).FirstAsync(ct));
    }

    /// <summary>Brings back what is wished. The host writes it as the member, so nothing of an archive reaches beyond the account.</summary>
    public async Task<Outcome<Restored>> RestoreAsync(Actor by, string handle, long id, RestoreWish wish, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member
            || await db.Set<Backup>().AsNoTracking().SingleOrDefaultAsync(b => b.Id == id && b.MemberId == member.Id, ct) is not { } backup)
        {
            return new NotThere($"backup {id} of {handle}");
        }

        if (!member.IsActive || (await views.OfAsync(member, ItemStatus.Account, ct)).Host is not { } host)
        {
            return new InTheWay("Only an active account on a host is restored into.");
        }

        if (Check(wish) is { } wrong)
        {
            return wrong;
        }

        if (wish.Database is not null && !await db.Set<MemberDatabase>().AnyAsync(d => d.MemberId == member.Id && d.Name == wish.Database && d.RemovedAt == null, ct))
        {
            return new Refusal($"{handle} has no database {wish.Database}. Add it first, then restore into it.", "database");
        }

        var what = wish.Database is { } database ? $"database {database}" : wish.Path ?? "everything";
        audit.Add(by, member.Id, "backup.restore", $"{id}", ("what", null, what), ("where", null, wish.Beside ? "beside" : "in place"));
        await db.SaveChangesAsync(ct);
        var done = await work.AskAsync(by, host, AgentWork.Restore, handle, backup.Snapshot, Limit, ct, JsonSerializer.Serialize(wish));
        return done.Refused is { } no ? no : new Restored(id, what, wish.Beside ? $"home/restored-{backup.Snapshot}" : "in its place", done.Value!.Steps, done.Value.Milliseconds);
    }

    /// <summary>Searches the names in a backup: what is in it, before it is restored.</summary>
    public async Task<Outcome<Found>> FindAsync(Actor by, string handle, long id, string? text, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member
            || await db.Set<Backup>().AsNoTracking().SingleOrDefaultAsync(b => b.Id == id && b.MemberId == member.Id, ct) is not { } backup)
        {
            return new NotThere($"backup {id} of {handle}");
        }

        if (text is not { Length: > 0 and <= 200 } || text.Any(char.IsControl))
        {
            return new Refusal("Say a part of the name, up to 200 letters, for example letter.txt or photos/2026.", "find");
        }

        if ((await views.OfAsync(member, ItemStatus.Account, ct)).Host is not { } host)
        {
            return new InTheWay("No host carries this account, so nothing reads its backups.");
        }

        var done = await work.AskAsync(by, host, AgentWork.Contents, handle, backup.Snapshot, Limit, ct, JsonSerializer.Serialize(new RestoreWish(text)));
        return done.Refused is { } no ? no : new Found(id, [.. done.Value!.Steps.Select(p => p.TrimEnd('/')).Order(StringComparer.Ordinal)], done.Value.Steps.Count >= MostFound);
    }

    /// <summary>Asks for a backup of every account that has none of this night, and for one trial restore, of the account whose
    /// last trial is longest ago. Safe to run twice or late; what is asked already is not asked again.</summary>
    public async Task NightlyAsync(Actor by, CancellationToken ct)
    {
        var (now, old) = (time.GetUtcNow().UtcDateTime, time.GetUtcNow().UtcDateTime - Night);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var asked = db.Set<HostRequest>().Where(r => r.AnsweredAt == null && r.AskedAt > now - HostRequest.Life);
        var due = await (
            from member in db.Users
            join placement in db.Set<Placement>() on member.Id equals placement.MemberId
            where (member.RemovedAt == null
                    ? !db.Set<Backup>().Any(b => b.MemberId == member.Id && b.MadeAt > old)
                    : placement.ErasedAt == null && !db.Set<Backup>().Any(b => b.MemberId == member.Id && b.MadeAt >= member.RemovedAt))
                && !db.Set<Move>().Any(m => m.MemberId == member.Id && m.EndedAt == null && m.SwitchedAt == null)
                && !asked.Any(r => r.Work == AgentWork.Backup && r.Handle == member.UserName)
            select new { member.UserName, placement.HostId }).ToListAsync(ct);
        db.AddRange(due.Select(d => new HostRequest { HostId = d.HostId, Work = AgentWork.Backup, Handle = d.UserName, AskedBy = by.Name, AskedAt = now }));
        var trial = await (
            from member in db.Users
            join placement in db.Set<Placement>() on member.Id equals placement.MemberId
            from backup in db.Set<Backup>().Where(b => b.MemberId == member.Id).OrderByDescending(b => b.Id).Take(1)
            where member.RemovedAt == null && backup.TriedAt == null && !asked.Any(r => r.Work == AgentWork.Trial)
            orderby db.Set<Backup>().Where(b => b.MemberId == member.Id).Max(b => b.TriedAt) ?? DateTime.MinValue, member.Id
            select new { member.UserName, placement.HostId, backup.Snapshot }).FirstOrDefaultAsync(ct);
        if (trial is not null)
        {
            db.Add(new HostRequest { HostId = trial.HostId, Work = AgentWork.Trial, Handle = trial.UserName, Name = trial.Snapshot, AskedBy = by.Name, AskedAt = now });
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Takes what a host says of a backup into the caller's transaction.</summary>
    internal async Task TakeAsync(HostRequest request, HostReport report, DateTime now, CancellationToken ct)
    {
        var member = await db.Users.Where(m => m.UserName == request.Handle).Select(m => m.Id).SingleOrDefaultAsync(ct);
        if (request.Work == AgentWork.Backup && report.Backup is { } made)
        {
            db.Add(new Backup { MemberId = member, Snapshot = made.Snapshot, MadeAt = now, Bytes = made.Bytes, Sha256 = made.Sha256, Notes = AgentWire.Write(AgentReports.Plain(made.Notes)), Counted = AgentWire.Write(made.Counted) });
            if (made.Kept is { Count: > 0 } kept)
            {
                // What the package's rule let go is not offered any more.
                db.RemoveRange((await db.Set<Backup>().Where(b => b.MemberId == member).ToListAsync(ct)).Where(b => !kept.Any(k => k.StartsWith(b.Snapshot, StringComparison.Ordinal))));
            }
        }
        else if (request.Work == AgentWork.Trial && await db.Set<Backup>().SingleOrDefaultAsync(b => b.MemberId == member && b.Snapshot == request.Name, ct) is { } tried)
        {
            tried.Tried(report.Backup, AgentReports.Plain(report.Failure), now);
        }
    }

    private static Refusal? Check(RestoreWish wish) => wish switch
    {
        { Path: { } path } when path.Any(c => char.IsControl(c) || c == '\uFFFD') => new Refusal("A name with a line break or another letter that cannot be shown comes back with its folder: ask for the folder.", "path"),
        { Path: not null, Database: not null } => new Refusal("Choose a path or a database, not both.", "path"),
        { Path: { } path } when path.Length is 0 or > 1000 || path[0] is '/' or '-' || path.Split('/').Any(p => p is ".." or "." or "")
            || path.Split('/')[0] is not ("home" or "private" or "sites" or "databases") =>
            new Refusal("A path begins with home, private, sites or databases, for example home/letter.txt or sites/web/public, without .. and without a slash at its ends.", "path"),
        _ => null,
    };

    private static BackupPage PageOf(Backup b) => new(
        b.Id, b.Snapshot, b.MadeAt, b.Bytes, AgentWire.ReadLines(b.Notes), b.TriedAt is null ? "not-yet" : b.TrialFailure is null ? "good" : "failed", b.TriedAt, b.TrialFailure, AgentWire.ReadLines(b.TrialNotes));
}
