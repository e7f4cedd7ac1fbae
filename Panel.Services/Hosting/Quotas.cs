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

        await ReviewAsync(await db.Set<UsageSample>().AsNoTracking().Where(s => !db.Set<UsageSample>().Any(later => later.MemberId == s.MemberId && later.Day > s.Day))
            .ToDictionaryAsync(s => s.MemberId, ct), now, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Takes reported figures into the caller's transaction and checks them.</summary>
    internal async Task TakeAsync(IReadOnlyList<(long MemberId, UsageReport Usage)> reported, DateTime now, CancellationToken ct)
    {
        var day = DateOnly.FromDateTime(now);
        var samples = reported.Where(r => r.Usage.DiskBytes >= 0).DistinctBy(r => r.MemberId)
            .Select(r => new UsageSample { MemberId = r.MemberId, Day = day, DiskBytes = r.Usage.DiskBytes, Enforced = r.Usage.Enforced, At = now }).ToDictionary(s => s.MemberId);
        // One statement for ten thousand accounts, so that a check costs little more than reading the figures.
        var rows = JsonSerializer.Serialize(samples.Values.Select(s => new[] { s.MemberId, s.DiskBytes, s.Enforced ? 1 : 0 }));
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
        await ReviewAsync(samples, now, ct);
    }

    private async Task ReviewAsync(Dictionary<long, UsageSample> newest, DateTime now, CancellationToken ct)
    {
        var limits = await db.Users.Where(m => m.RemovedAt == null).Join(db.Set<Package>(), m => m.PackageId, p => p.Id, (m, p) => new { m.Id, m.UserName, m.Email, p.DiskBytes }).ToListAsync(ct);
        var open = (await db.Set<QuotaNotice>().Where(n => n.EndedAt == null).ToListAsync(ct)).ToLookup(n => n.MemberId);
        foreach (var limit in limits.Where(l => l.DiskBytes > 0 && newest.ContainsKey(l.Id)))
        {
            var percent = 100m * newest[limit.Id].DiskBytes / limit.DiskBytes;
            foreach (var ended in open[limit.Id].Where(n => percent < n.Percent - ClearlyBelow))
            {
                ended.EndedAt = now;
            }

            var crossed = 0;
            foreach (var mark in Marks.Where(m => percent >= m && open[limit.Id].All(n => n.Percent != m)))
            {
                // Another node may have seen the same crossing: its row stands.
                var first = await db.Database.ExecuteSqlAsync(
                    $"INSERT INTO quota_notices (member_id, percent, disk_bytes, limit_bytes, crossed_at) VALUES ({limit.Id}, {mark}, {newest[limit.Id].DiskBytes}, {limit.DiskBytes}, {now}) ON CONFLICT DO NOTHING", ct);
                live.AfterCommit(db, LiveChanges.Member(limit.Id));
                crossed = first == 1 ? mark : crossed;
            }

            // One mail for the highest mark, however many were crossed at once.
            if (crossed > 0 && EmailAddress.Parse(limit.Email) is { } to)
            {
                letters.Add("quota", null, to, keys.Hash("email", to.Key), SubjectOf(crossed), TextOf(limit.UserName!, newest[limit.Id], limit.DiskBytes));
            }
        }
    }

    private static string SubjectOf(int mark) => mark >= 100 ? "Your disk space is used up" : $"More than {mark} % of your disk space is used";

    private static string TextOf(string handle, UsageSample sample, long limit) => string.Create(CultureInfo.InvariantCulture, $"""
        Hello {handle},

        your files and databases take {sample.DiskBytes >> 20} MB of the {limit >> 20} MB that your package has.
        {(sample.Enforced ? "When both together reach it, the disk takes no more files and the databases can only be read, until there is room again." : "This host only counts: nothing stops by itself, but please make room.")}

        Remove what you no longer need, or ask an admin of the house for a larger package. Nothing is ever deleted for you.
        The page Usage in Panel shows how it grows and when it will be full.

        """);
}
