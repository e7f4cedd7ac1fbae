using System.Data;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Panel.Hosting;
using Panel.Services.Data;
using Panel.Services.Finger.Homes;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>What the agent of a host asks: the accounts that are newer than what it has, at once when there are any,
/// else within milliseconds of the commit that makes one.</summary>
public sealed class DesiredAccounts(PanelDb db, LiveChanges live, IOptions<HostingOptions> options, HomeTexts homes, TimeProvider time, BackupKeys backupKeys)
{
    /// <summary>Longer than the agent waits, shorter than what proxies cut.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SeenEvery = TimeSpan.FromSeconds(15);

    public async Task<AccountsAnswer> AskAsync(long id, string epoch, long after, TimeSpan wait, CancellationToken ct)
    {
        var until = time.GetUtcNow() + (wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestWait ? wait : LongestWait);
        var own = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync(ct);
        await SeeAsync(id, ct);
        while (true)
        {
            var next = live.Next(LiveChanges.Host(id));
            var revision = await db.Set<Host>().Where(h => h.Id == id).Select(h => h.Revision).SingleAsync(ct);
            var full = epoch != own || after <= 0 || after > revision;
            if (full && epoch.Length > 0 && (epoch != own || after > revision))
            {
                await HoldRemovalsAsync(id, ct);
            }

            var requests = await TakeRequestsAsync(id, ct);
            var rest = until - time.GetUtcNow();
            if (full || revision > after || requests.Count > 0 || rest <= TimeSpan.Zero)
            {
                return await AnswerAsync(id, own, full ? 0 : after, full, requests, ct);
            }

            await live.WaitAsync(next, rest < LiveChanges.LookAgain ? rest : LiveChanges.LookAgain, ct);
        }
    }

    private async Task<AccountsAnswer> AnswerAsync(long hostId, string epoch, long after, bool full, IReadOnlyList<AgentRequest> requests, CancellationToken ct)
    {
        // One picture for all queries, so that no account is half of one change and half of the next.
        await using var picture = await BeginPictureAsync(ct);
        var host = await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == hostId, ct);
        var placed = db.Set<Placement>().Where(p => p.HostId == hostId && p.Revision > after)
            .Select(p => new { p.MemberId, p.Revision, Pinned = p.PinnedAt != null, Held = p.HeldAt != null, Erased = p.ErasedAt != null, IsCopy = false, Arriving = false })
            .Concat(db.Set<AccountCopy>().Where(c => c.HostId == hostId && c.Revision > after)
                .Select(c => new { c.MemberId, c.Revision, Pinned = false, Held = false, Erased = c.State == CopyState.Erasing, IsCopy = true, Arriving = c.State == CopyState.Arriving }));
        var accounts = await (
            from placement in placed
            join member in db.Users on placement.MemberId equals member.Id
            join package in db.Set<Package>() on member.PackageId equals package.Id
            orderby placement.Revision
            select new { Member = member, placement.Revision, placement.Pinned, placement.Held, placement.Erased, placement.IsCopy, placement.Arriving, package.DiskBytes }).AsNoTracking().ToListAsync(ct);
        var sites = await (from s in db.Set<Site>() join p in placed on s.MemberId equals p.MemberId where s.RemovedAt == null select s).AsNoTracking().ToListAsync(ct);
        var domains = await (from d in db.Set<SiteDomain>() join p in placed on d.MemberId equals p.MemberId where d.ApprovedAt != null && d.SiteId != null select d).AsNoTracking().ToListAsync(ct);
        var keys = await (from k in db.Set<SshKey>() join p in placed on k.MemberId equals p.MemberId select k).AsNoTracking().ToListAsync(ct);
        var databases = (await (from d in db.Set<MemberDatabase>() join p in placed on d.MemberId equals p.MemberId where d.RemovedAt == null orderby d.Id select d).AsNoTracking().ToListAsync(ct)).ToLookup(d => d.MemberId);
        var tasks = (await (from t in db.Set<MemberTask>() join p in placed on t.MemberId equals p.MemberId where t.RemovedAt == null orderby t.Id select t).AsNoTracking().ToListAsync(ct)).ToLookup(t => t.MemberId);
        var wanted = await homes.WantedAsync(placed.Select(p => p.MemberId), ct);
        var (sitesOf, keysOf, domainsOf) = (sites.ToLookup(s => s.MemberId), keys.ToLookup(k => k.MemberId), domains.ToLookup(d => d.SiteId!.Value));
        var newestPhp = host.ReadFacts()?.PhpVersions.OrderBy(v => Version.TryParse(v, out var parsed) ? parsed : new Version()).LastOrDefault();
        return new AccountsAnswer(host.Name, epoch, host.Revision, full, host.RemovalsHeldAt is null,
        [
            .. accounts.Select(a => new AccountState(
                a.Member.Handle, a.Member.Uid, a.Revision, a.Erased ? AccountStatus.Erased : StatusOf(a.Member),
                // What arrives may be over its limit already; the limit comes with the switch.
                a.DiskBytes > 0 && !a.IsCopy ? a.DiskBytes : null,
                [.. sitesOf[a.Member.Id].OrderBy(s => s.Id).Select(s => StateOf(s, a.Member, domainsOf[s.Id], newestPhp))],
                [.. keysOf[a.Member.Id].OrderBy(k => k.Id).Select(k => new KeyState(k.Id, $"{k.Type} {k.Body}"))],
                [.. databases[a.Member.Id].Select(d => new DatabaseState(d.Name, d.Engine, d.Verifier))],
                [.. tasks[a.Member.Id].Select(t => new TaskState(t.Name, t.Schedule, t.ReadArguments(), t.LimitSeconds))],
                wanted.GetValueOrDefault(a.Member.Id), a.Pinned,
                a.Arriving ? AccountHold.Arriving : a.IsCopy ? AccountHold.Kept : a.Held ? AccountHold.Leaving : AccountHold.None)),
        ], requests);
    }

    private SiteState StateOf(Site site, Member member, IEnumerable<SiteDomain> domains, string? newestPhp) => new(
        site.Name, site.Kind, Site.AddressOf(site.Name, member.Handle, options.Value.Base), [.. domains.Select(d => d.Name).Order(StringComparer.Ordinal)],
        site.Kind == SiteKind.Php ? site.PhpVersion ?? newestPhp : null, site.HttpsOnlyAt is not null, site.Canonical);

    private static AccountStatus StatusOf(Member member) =>
        member.RemovedAt is not null ? AccountStatus.Removed : member.SuspendedAt is not null ? AccountStatus.Suspended : AccountStatus.Active;

    private async Task<IReadOnlyList<AgentRequest>> TakeRequestsAsync(long hostId, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (again, oldest) = (now - HostRequest.GivenAgainAfter, now - HostRequest.Life);
        var open = db.Set<HostRequest>().Where(r => r.HostId == hostId && r.AnsweredAt == null && (r.AskedAt > oldest || r.Work == AgentWork.Send || r.Work == AgentWork.Receive) && (r.TakenAt == null || r.TakenAt < again));
        var taken = await open.AsNoTracking().OrderBy(r => r.Id).ToListAsync(ct);
        if (taken.Count > 0)
        {
            var ids = taken.ConvertAll(r => r.Id);
            await db.Set<HostRequest>().Where(r => ids.Contains(r.Id)).ExecuteUpdateAsync(set => set.SetProperty(r => r.TakenAt, now), ct);
        }

        var handles = taken.Where(r => r.IsOfBackups).Select(r => r.Handle).OfType<string>().Distinct().ToList();
        var secrets = await backupKeys.SecretsAsync(handles, ct);
        var keeps = await db.Users.Where(m => handles.Contains(m.UserName!)).Join(db.Set<Package>(), m => m.PackageId, p => p.Id, (m, p) => new { m.UserName, p.KeepDaily, p.KeepWeekly, p.KeepMonthly })
            .ToDictionaryAsync(p => p.UserName!, p => new BackupKeep(p.KeepDaily, p.KeepWeekly, p.KeepMonthly), ct);
        return taken.ConvertAll(r => new AgentRequest(r.Id, r.Work, r.Handle, r.Name, r.IsOfBackups ? backupKeys.OrderOf(r, secrets.GetValueOrDefault(r.Handle ?? ""), keeps.GetValueOrDefault(r.Handle ?? "")) : null,
            r.Work is AgentWork.Send or AgentWork.Receive ? new MoveOrder(r.Detail == "last") : null));
    }

    private async Task SeeAsync(long hostId, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var before = now - SeenEvery;
        await db.Set<Host>().Where(h => h.Id == hostId && (h.SeenAt == null || h.SeenAt < before)).ExecuteUpdateAsync(set => set.SetProperty(h => h.SeenAt, now), ct);
    }

    // The agent knows another or a newer database than this one: this one was restored or is new, and may not know what it
    // once decided. Until an admin has looked, nothing is taken away.
    private async Task HoldRemovalsAsync(long hostId, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await db.Set<Host>().Where(h => h.Id == hostId && h.RemovalsHeldAt == null).ExecuteUpdateAsync(set => set.SetProperty(h => h.RemovalsHeldAt, now), ct);
    }

    private async Task<IDbContextTransaction> BeginPictureAsync(CancellationToken ct)
    {
        if (db.IsPostgres)
        {
            return await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        }

        // Deferred: a reader of SQLite must not take the write lock.
        await db.Database.OpenConnectionAsync(ct);
        return (await db.Database.UseTransactionAsync(((SqliteConnection)db.Database.GetDbConnection()).BeginTransaction(deferred: true), ct))!;
    }
}
