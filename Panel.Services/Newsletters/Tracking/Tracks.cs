using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Newsletters.Sending;

namespace Panel.Services.Newsletters.Tracking;

/// <param name="Asked">People who agreed and were sent this issue.</param>
/// <param name="Opened">Of those, who opened it as far as can be told.</param>
/// <param name="Links">Each link with how many of them followed it.</param>
public sealed record TrackReport(int Asked, int Opened, int Clicked, IReadOnlyList<TrackedLink> Links);

public sealed record TrackedLink(string Address, int People);

/// <summary>Opens and clicks of people who agreed to it, each for themselves (rule L6). A link leads only to where the issue itself
/// points, so that it is nobody's way to anywhere else (rules V3, V12), and it works whether or not anything is counted.</summary>
public sealed class Tracks(PanelDb db, ReaderTokens tokens, TimeProvider time)
{
    /// <summary>How long opens and clicks are kept (rule L5).</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Whatever opens a mail sooner after the hand-over is a scanner (F22).</summary>
    private static readonly TimeSpan Hasty = TimeSpan.FromSeconds(5);

    /// <summary>Notes that the issue was opened; whatever the token, there is nothing to see.</summary>
    public async Task OpenAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Track, token) is { } reader)
        {
            await NoteAsync(reader, null, ct);
        }
    }

    /// <summary>Where the link leads, noted unless <paramref name="looksOnly"/>; null for a token or number that the issue does not have.</summary>
    public async Task<string?> FollowAsync(string token, int link, bool looksOnly, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Track, token) is not { } reader ||
            await db.Set<Issue>().AsNoTracking().SingleOrDefaultAsync(i => i.Id == reader.IssueId && i.ListId == reader.ListId, ct) is not { } issue)
        {
            return null;
        }

        var list = await db.Set<MailingList>().AsNoTracking().SingleAsync(l => l.Id == issue.ListId, ct);
        if (IssuePrinter.Render(issue, list).Value?.Links is not { } links || link < 0 || link >= links.Count)
        {
            return null;
        }

        if (!looksOnly)
        {
            await NoteAsync(reader, link, ct);
        }

        return links[link];
    }

    /// <summary>What became of an issue among those who agreed; null where the list does not ask.</summary>
    internal async Task<TrackReport?> OfAsync(Issue issue, MailingList list, CancellationToken ct)
    {
        if (list.TrackingOfferedAt is null)
        {
            return null;
        }

        var asked = await db.Set<Delivery>().CountAsync(d => d.IssueId == issue.Id && d.State == DeliveryState.Sent && db.Set<Subscriber>().Any(s => s.Id == d.SubscriberId && s.TrackedAt != null), ct);
        var opened = await db.Set<Opening>().CountAsync(o => o.IssueId == issue.Id, ct);
        var clicks = await db.Set<Click>().AsNoTracking().Where(c => c.IssueId == issue.Id).GroupBy(c => c.Link).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
        var clicked = await db.Set<Click>().Where(c => c.IssueId == issue.Id).Select(c => c.SubscriberId).Distinct().CountAsync(ct);
        var links = IssuePrinter.Render(issue, list).Value?.Links ?? [];
        return new TrackReport(asked, opened, clicked, [.. links.Select((address, at) => new TrackedLink(address, clicks.GetValueOrDefault(at)))]);
    }

    /// <summary>Deletes what is older than <see cref="Kept"/>.</summary>
    internal async Task<int> ForgetAsync(CancellationToken ct)
    {
        var old = time.GetUtcNow().UtcDateTime - Kept;
        return await db.Set<Opening>().Where(o => o.At < old).ExecuteDeleteAsync(ct) + await db.Set<Click>().Where(c => c.At < old).ExecuteDeleteAsync(ct);
    }

    /// <summary>Deletes all of one person.</summary>
    internal static async Task ForgetAsync(PanelDb db, long subscriberId, CancellationToken ct)
    {
        await db.Set<Opening>().Where(o => o.SubscriberId == subscriberId).ExecuteDeleteAsync(ct);
        await db.Set<Click>().Where(c => c.SubscriberId == subscriberId).ExecuteDeleteAsync(ct);
    }

    // Asked again at every hit: who took the consent back is not counted, also not in mails of before.
    private async Task NoteAsync(Reader reader, int? link, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var handedOver = now - Hasty;
        var counts = await db.Set<Subscriber>().AnyAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId && s.TrackedAt != null, ct)
            && await db.Set<Delivery>().AnyAsync(d => d.IssueId == reader.IssueId && d.SubscriberId == reader.SubscriberId && d.State == DeliveryState.Sent && d.At <= handedOver, ct);
        if (!counts)
        {
            return;
        }

        await db.Database.ExecuteSqlAsync($"INSERT INTO opens (issue_id, subscriber_id, at) VALUES ({reader.IssueId}, {reader.SubscriberId}, {now}) ON CONFLICT DO NOTHING", ct);
        if (link is { } number)
        {
            await db.Database.ExecuteSqlAsync($"INSERT INTO clicks (issue_id, subscriber_id, link, at) VALUES ({reader.IssueId}, {reader.SubscriberId}, {number}, {now}) ON CONFLICT DO NOTHING", ct);
        }
    }
}
