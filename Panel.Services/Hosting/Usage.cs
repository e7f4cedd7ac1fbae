using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

public sealed record UsageDay(DateOnly Day, long DiskBytes);

/// <summary>A mark that was crossed: once per crossing.</summary>
public sealed record QuotaNoticePage(int Percent, long DiskBytes, long LimitBytes, DateTime CrossedAt, DateTime? EndedAt);

/// <summary>How much disk an account uses. <paramref name="FullOn"/> is the day on which it will be full at the pace of the last
/// 14 days; null without that much history, or when it is not growing.</summary>
public sealed record UsagePage(
    string Handle, long DiskBytes, long? LimitBytes, bool Enforced, DateOnly? FullOn, DateTime? MeasuredAt, bool HistoryEnough,
    IReadOnlyList<UsageDay> Days, IReadOnlyList<QuotaNoticePage> Notices);

/// <summary>Disk use: a member's own, or everybody's for an admin.</summary>
public sealed class Usage(PanelDb db, Members.Members members, TimeProvider time)
{
    /// <summary>Days that the forecast looks back on.</summary>
    public const int Window = 14;

    // Later than this nobody plans, and the line says nothing.
    private const int FarthestDays = 5 * 366;

    public async Task<Outcome<UsagePage>> ShowAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? (await PagesAsync([member], ct))[0] : new NotThere($"member {handle}");

    public async Task<Outcome<IReadOnlyList<UsagePage>>> ListAsync(Actor by, CancellationToken ct)
    {
        var all = await db.Users.AsNoTracking().Where(m => (by.IsAdmin || m.Id == by.MemberId) && m.RemovedAt == null).ToListAsync(ct);
        return await PagesAsync([.. all.OrderBy(m => m.Handle, StringComparer.Ordinal)], ct);
    }

    private async Task<List<UsagePage>> PagesAsync(IReadOnlyList<Member> who, CancellationToken ct)
    {
        var (ids, today) = (who.Select(m => m.Id).ToList(), DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var from = today.AddDays(1 - Window);
        var limits = await db.Set<Package>().ToDictionaryAsync(p => p.Id, p => p.DiskBytes, ct);
        var samples = (await db.Set<UsageSample>().AsNoTracking().Where(s => ids.Contains(s.MemberId) && (s.Day >= from ||
            !db.Set<UsageSample>().Any(later => later.MemberId == s.MemberId && later.Day > s.Day))).ToListAsync(ct)).ToLookup(s => s.MemberId);
        var notices = (await db.Set<QuotaNotice>().AsNoTracking().Where(n => ids.Contains(n.MemberId)).OrderByDescending(n => n.Id).ToListAsync(ct)).ToLookup(n => n.MemberId);
        return [.. who.Select(m => Page(m, limits[m.PackageId], [.. samples[m.Id].OrderBy(s => s.Day)], notices[m.Id], today))];
    }

    private static UsagePage Page(Member member, long limit, IReadOnlyList<UsageSample> samples, IEnumerable<QuotaNotice> notices, DateOnly today)
    {
        IReadOnlyList<UsageDay> days = [.. samples.Select(s => new UsageDay(s.Day, s.DiskBytes))];
        var last = samples.Count > 0 ? samples[^1] : null;
        return new UsagePage(
            member.Handle, last?.DiskBytes ?? 0, limit > 0 ? limit : null, last?.Enforced ?? false, limit > 0 ? FullOn(days, limit, today) : null, last?.At, IsEnough(days),
            days, [.. notices.Select(n => new QuotaNoticePage(n.Percent, n.DiskBytes, n.LimitBytes, n.CrossedAt, n.EndedAt))]);
    }

    /// <summary>A line through the days by least squares, followed until it meets the limit.</summary>
    internal static DateOnly? FullOn(IReadOnlyList<UsageDay> days, long limit, DateOnly today)
    {
        if (!IsEnough(days))
        {
            return null;
        }

        if (days[^1].DiskBytes >= limit)
        {
            return today;
        }

        var points = days.Select(d => ((double)(d.Day.DayNumber - today.DayNumber), (double)d.DiskBytes)).ToList();
        var (meanDay, meanBytes) = (points.Average(p => p.Item1), points.Average(p => p.Item2));
        var slope = points.Sum(p => (p.Item1 - meanDay) * (p.Item2 - meanBytes)) / points.Sum(p => Math.Pow(p.Item1 - meanDay, 2));
        var left = slope > 0 ? meanDay + ((limit - meanBytes) / slope) : double.PositiveInfinity;
        return left <= FarthestDays ? today.AddDays(Math.Max(1, (int)Math.Ceiling(left))) : null;
    }

    private static bool IsEnough(IReadOnlyList<UsageDay> days) =>
        days.Count >= Window / 2 && days[^1].Day.DayNumber - days[0].Day.DayNumber >= Window - 1;
}
