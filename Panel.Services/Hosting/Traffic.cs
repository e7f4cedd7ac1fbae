using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

public sealed record TrafficDay(DateOnly Day, long Bytes, long Requests, long Visits, long Errors);

/// <summary>What a site sent from <paramref name="From"/> up to <paramref name="To"/> (UTC, whole hours).</summary>
public sealed record TrafficPage(
    string Handle, string Site, DateTime From, DateTime To, long Bytes, long Requests, long Visits, long Errors, IReadOnlyList<TrafficDay> Days);

/// <summary>Visits and traffic of sites, counted by the hosts from their logs.</summary>
public sealed class Traffic(PanelDb db, Members.Members members, TimeProvider time)
{
    private const int MostPerReport = 20_000;

    // A host tells a batch again for as long as it was not heard; longer than this it is never away unnoticed.
    private static readonly TimeSpan BatchLife = TimeSpan.FromDays(60);

    /// <summary>Without bounds: the last 30 days. An hour counts when it begins within the bounds.</summary>
    public async Task<Outcome<TrafficPage>> ShowAsync(Actor by, string handle, string site, DateTimeOffset? from, DateTimeOffset? to, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member || !await db.Set<Site>().AnyAsync(s => s.MemberId == member.Id && s.Name == site && s.RemovedAt == null, ct))
        {
            return new NotThere($"site {site} of {handle}");
        }

        var end = to?.UtcDateTime ?? time.GetUtcNow().UtcDateTime;
        var start = from?.UtcDateTime ?? end.AddDays(-30);
        if (start > end)
        {
            return new Refusal("The beginning lies after the end.", "from");
        }

        start = start.Date.AddHours(start.Hour);
        var hours = await db.Set<TrafficHour>().AsNoTracking().Where(t => t.MemberId == member.Id && t.Site == site && t.Hour >= start && t.Hour <= end).ToListAsync(ct);
        return new TrafficPage(
            member.Handle, site, start, end, hours.Sum(h => h.Bytes), hours.Sum(h => h.Requests), hours.Sum(h => h.Visits), hours.Sum(h => h.Errors),
            [
                .. hours.GroupBy(h => DateOnly.FromDateTime(h.Hour)).OrderBy(g => g.Key)
                    .Select(g => new TrafficDay(g.Key, g.Sum(h => h.Bytes), g.Sum(h => h.Requests), g.Sum(h => h.Visits), g.Sum(h => h.Errors))),
            ]);
    }

    /// <summary>Adds what a host has counted, each batch once, inside the transaction of its report.</summary>
    internal async Task TakeAsync(long host, IReadOnlyList<TrafficReport> told, IReadOnlyDictionary<string, long> members, DateTime now, CancellationToken ct)
    {
        foreach (var batch in told.Take(MostPerReport).Where(IsSound).GroupBy(t => t.Batch))
        {
            if (await db.Database.ExecuteSqlAsync($"INSERT INTO traffic_batches (host_id, batch, taken_at) VALUES ({host}, {batch.Key}, {now}) ON CONFLICT DO NOTHING", ct) == 0)
            {
                continue;
            }

            foreach (var one in batch.Where(t => members.ContainsKey(t.Handle)))
            {
                await db.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO traffic_hours (member_id, site, hour, bytes, requests, visits, errors)
                    VALUES ({members[one.Handle]}, {one.Site}, {DateTime.SpecifyKind(one.Hour, DateTimeKind.Utc)}, {one.Bytes}, {one.Requests}, {one.Visits}, {one.Errors})
                    ON CONFLICT (member_id, site, hour) DO UPDATE SET bytes = traffic_hours.bytes + excluded.bytes, requests = traffic_hours.requests + excluded.requests,
                      visits = traffic_hours.visits + excluded.visits, errors = traffic_hours.errors + excluded.errors
                    """, ct);
            }
        }

        var old = now - BatchLife;
        await db.Set<TrafficBatch>().Where(b => b.HostId == host && b.TakenAt < old).ExecuteDeleteAsync(ct);
    }

    private static bool IsSound(TrafficReport one) =>
        one is { Batch.Length: > 0 and <= 64, Site.Length: > 0 and <= 61, Bytes: >= 0, Requests: >= 0, Visits: >= 0, Errors: >= 0 };
}
