using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Services.Newsletters;

namespace Panel.Services.Hosting;

/// <summary>Keeps samples of disk use, and writes one notice each time an account goes over 80, 95 or 100 % of its package.</summary>
public sealed class Quotas(PanelDb db, LiveChanges live, Letters letters, HouseKeys keys, TimeProvider time)
{
    public static readonly IReadOnlyList<int> Marks = [80, 95, 100];

    // A use that trembles at a mark is one crossing, not one per check.
    private const int ClearlyBelow = 2;

    /// <summary>Asks every host for fresh figures and checks those that are here. Safe to run twice, late, or on two nodes at once.</summary>
    public async Task CheckAsync(Actor by, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = time.GetUtcNow().UtcDateTime;
        var tooOld = now - HostRequest.Life;
        var idle = await db.Set<Host>().Where(h => !db.Set<HostRequest>().Any(r => r.HostId == h.Id && r.Work == AgentWork.Usage && r.AnsweredAt == null && r.AskedAt > tooOld))
            .Select(h => h.Id).ToListAsync(ct);
        foreach (var host in idle)
        {
            db.Add(new HostRequest { HostId = host, Work = AgentWork.Usage, AskedBy = by.Name, AskedAt = now });
            live.AfterCommit(db, LiveChanges.Host(host));
        }

        await ReviewAsync(db.Set<UsageSample>().Where(s => !db.Set<UsageSample>().Any(later => later.MemberId == s.MemberId && later.Day > s.Day)), now, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Takes the figures that a host reported of its accounts into the caller's transaction and checks them.</summary>
    internal async Task TakeAsync(long host, IReadOnlyList<(long MemberId, UsageReport Usage)> reported, DateTime now, CancellationToken ct)
    {
        var day = DateOnly.FromDateTime(now);
        // One statement for ten thousand accounts, so that a check costs little more than reading the figures.
        var rows = JsonSerializer.Serialize(reported.Where(r => r.Usage.DiskBytes >= 0).DistinctBy(r => r.MemberId).Select(r => new[] { r.MemberId, r.Usage.DiskBytes, r.Usage.Enforced ? 1 : 0 }));
        await db.Database.ExecuteSqlAsync(db.IsPostgres
            ? (FormattableString)$"""
                INSERT INTO usage_samples (member_id, day, disk_bytes, enforced, at)
                SELECT (v ->> 0)::bigint, {day}, (v ->> 1)::bigint, v ->> 2 = '1', {now} FROM jsonb_array_elements({rows}::jsonb) v
                ON CONFLICT (member_id, day) DO UPDATE SET disk_bytes = excluded.disk_bytes, enforced = excluded.enforced, at = excluded.at
                """
            : $"""
                INSERT INTO usage_samples (member_id, day, disk_bytes, enforced, at)
                SELECT value ->> 0, {day}, value ->> 1, value ->> 2, {now} FROM json_each({rows}) WHERE true
                ON CONFLICT (member_id, day) DO UPDATE SET disk_bytes = excluded.disk_bytes, enforced = excluded.enforced, at = excluded.at
                """, ct);
        var databases = JsonSerializer.Serialize(reported.SelectMany(r => (r.Usage.Databases ?? []).Select(d => new object[] { r.MemberId, d.Name, d.Bytes })));
        await db.Database.ExecuteSqlAsync(db.IsPostgres
            ? (FormattableString)$"""
                UPDATE databases SET bytes = (v ->> 2)::bigint FROM jsonb_array_elements({databases}::jsonb) v
                WHERE member_id = (v ->> 0)::bigint AND name = v ->> 1 AND removed_at IS NULL AND bytes IS DISTINCT FROM (v ->> 2)::bigint
                """
            : $"""
                UPDATE databases SET bytes = v.value ->> 2 FROM json_each({databases}) v
                WHERE member_id = v.value ->> 0 AND name = v.value ->> 1 AND removed_at IS NULL AND bytes IS NOT v.value ->> 2
                """, ct);
        await ReviewAsync(db.Set<UsageSample>().Where(s => s.Day == day && db.Set<Placement>().Any(p => p.MemberId == s.MemberId && p.HostId == host)), now, ct);
    }

    private async Task ReviewAsync(IQueryable<UsageSample> newest, DateTime now, CancellationToken ct)
    {
        // Only those about whom there may be something to say are read: near a mark, or over one when last looked at.
        var limits = await (
            from member in db.Users
            join package in db.Set<Package>() on member.PackageId equals package.Id
            join sample in newest on member.Id equals sample.MemberId
            where member.RemovedAt == null && package.DiskBytes > 0 &&
                (sample.DiskBytes >= package.DiskBytes / 100 * Marks[0] || db.Set<QuotaNotice>().Any(n => n.MemberId == member.Id && n.EndedAt == null))
            select new { member.Id, member.UserName, member.Email, package.DiskBytes, Used = sample.DiskBytes, sample.Enforced }).ToListAsync(ct);
        var ids = limits.ConvertAll(l => l.Id);
        var open = (await db.Set<QuotaNotice>().Where(n => n.EndedAt == null && ids.Contains(n.MemberId)).ToListAsync(ct)).ToLookup(n => n.MemberId);
        foreach (var limit in limits)
        {
            var percent = 100m * limit.Used / limit.DiskBytes;
            foreach (var ended in open[limit.Id].Where(n => percent < n.Percent - ClearlyBelow))
            {
                ended.EndedAt = now;
            }

            var crossed = 0;
            foreach (var mark in Marks.Where(m => percent >= m && open[limit.Id].All(n => n.Percent != m)))
            {
                // Another node may have seen the same crossing: its row stands.
                var first = await db.Database.ExecuteSqlAsync(
                    $"INSERT INTO quota_notices (member_id, percent, disk_bytes, limit_bytes, crossed_at) VALUES ({limit.Id}, {mark}, {limit.Used}, {limit.DiskBytes}, {now}) ON CONFLICT DO NOTHING", ct);
                live.AfterCommit(db, LiveChanges.Member(limit.Id));
                crossed = first == 1 ? mark : crossed;
            }

            // One mail for the highest mark, however many were crossed at once.
            if (crossed > 0 && EmailAddress.Parse(limit.Email) is { } to)
            {
                letters.Add("quota", null, to, keys.Hash("email", to.Key), SubjectOf(crossed), TextOf(limit.UserName!, limit.Used, limit.DiskBytes, limit.Enforced));
            }
        }
    }

    private static string SubjectOf(int mark) => mark >= 100 ? "Your disk space is used up" : $"More than {mark} % of your disk space is used";

    private static string TextOf(string handle, long used, long limit, bool enforced) => string.Create(CultureInfo.InvariantCulture, $"""
        Hello {handle},

        your files and databases take {used >> 20} MB of the {limit >> 20} MB that your package has.
        {(enforced ? "When both together reach it, the disk takes no more files and the databases can only be read, until there is room again." : "This host only counts: nothing stops by itself, but please make room.")}

        Remove what you no longer need, or ask an admin of the house for a larger package. Nothing is ever deleted for you.
        The page Usage in Panel shows how it grows and when it will be full.

        """);
}
