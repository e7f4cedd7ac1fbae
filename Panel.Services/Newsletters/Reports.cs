using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Mail.Content;
using Panel.Services.Newsletters.Sending;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters;

/// <summary>How an issue fared. <paramref name="Recipients"/> is always the sum of the six counts after it; what is leased or in
/// DATA counts as queued.</summary>
public sealed record IssueReport(
    long Id, string Handle, string List, string Subject, IssueState State, string? Note, int Recipients, int Sent, int Failed, int Unknown, int Skipped, int Deferred, int Queued,
    DateTime? DueAt, DateTime? StartedAt, DateTime? FinishedAt, IAsyncEnumerable<DeliveryPage>? Deliveries)
{
    /// <summary>Null unless it is being sent.</summary>
    public SendingForecast? Forecast { get; init; }

    /// <summary>Opens and clicks of those who agreed; null where the list does not ask.</summary>
    public Tracking.TrackReport? Tracking { get; init; }
}

/// <summary>An honest guess while an issue goes out.</summary>
/// <param name="DoneAt">When the last mail is likely out: by the pace of the last seconds, and not before the last second try is due; null before there is a pace.</param>
/// <param name="HeldBackBy">The receiving domain that put off most mails, the warm-up of the sending domain, or null.</param>
public sealed record SendingForecast(DateTime? DoneAt, string? HeldBackBy);

/// <summary>One issue to one person: the server's own words, and for skipped people the reason.</summary>
public sealed record DeliveryPage(long SubscriberId, string Email, string State, DateTime At, int? Code, string? Reply, string MessageId, string? Reason, int Tries, DateTime? NextAt);

/// <summary>"Did Anna get it?", answered from the ledger.</summary>
public sealed class Reports(PanelDb db, Issues issues, HouseKeys keys, IssuePrinter printer, Tracking.Tracks tracks, IOptions<MailOptions> mail, TimeProvider time)
{
    /// <summary>Rows per page of <see cref="DeliveriesAsync"/>.</summary>
    public const int PageSize = 100;

    /// <summary>The counts, and with <paramref name="deliveries"/> every row as a stream.</summary>
    public async Task<Outcome<IssueReport>> ShowAsync(Actor by, long id, bool deliveries, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var counts = await CountAsync(id, ct);
        var (issue, list) = found;
        return new IssueReport(
            id, await printer.HandleOfAsync(list, ct), list.Name, issue.Subject, issue.State, issue.Note, counts.Sum,
            counts.Sent, counts.Failed, counts.Unknown, counts.Skipped, counts.Deferred, counts.Waiting, issue.DueAt, issue.StartedAt, issue.FinishedAt,
            deliveries ? Rows(id, list, _ => true, null, null) : null)
        {
            Tracking = await tracks.OfAsync(issue, list, ct),
            Forecast = issue.State == IssueState.Sending ? await ForecastAsync(issue, EmailAddress.Parse(list.FromEmail)?.Domain ?? "", counts.Waiting, counts.Deferred, ct) : null,
        };
    }

    // One statement, so that it is one moment; each count by the index that holds its state, as literals, which SQLite's partial indexes ask for.
    private async Task<Counts> CountAsync(long id, CancellationToken ct)
    {
        var rows = db.Set<Delivery>().Where(d => d.IssueId == id);
#pragma warning disable CA1309 // It is never run, only read: node > '', a range the index of what is in hand can be searched by.
        return await db.Set<Issue>().Where(i => i.Id == id).Select(i => new Counts(
            rows.Count(d => d.State == DeliveryState.Sent), rows.Count(d => d.State == DeliveryState.Failed), rows.Count(d => d.State == DeliveryState.Unknown),
            rows.Count(d => d.State == DeliveryState.Skipped), rows.Count(d => d.State == DeliveryState.Deferred),
            rows.Count(d => d.State == DeliveryState.Queued)
                + rows.Count(d => string.Compare(d.Node, "") > 0 && (d.State == DeliveryState.Leased || d.State == DeliveryState.InData)))).SingleAsync(ct);
#pragma warning restore CA1309
    }

    private async Task<SendingForecast> ForecastAsync(Issue issue, string from, int queued, int deferred, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var done = queued == 0 ? now : issue.Pace > 0 ? now.AddMinutes((double)queued / issue.Pace.Value) : (DateTime?)null;
        if (queued > 0 && await WarmUpDaysAsync(from, queued, now, ct) is > 0 and var days)
        {
            return new SendingForecast(now.Date.AddDays(days), $"the warm-up of {from}, which receivers do not know yet");
        }

        if (deferred == 0)
        {
            return new SendingForecast(done, null);
        }

        var later = db.Set<Delivery>().Where(d => d.IssueId == issue.Id && d.State == DeliveryState.Deferred);
        var last = await later.MaxAsync(d => d.NextAt, ct);
        var by = await later.Join(db.Set<Subscriber>(), d => d.SubscriberId, s => s.Id, (d, s) => s.Domain)
            .GroupBy(d => d).OrderByDescending(g => g.Count()).ThenBy(g => g.Key).Select(g => g.Key).FirstOrDefaultAsync(ct);
        return new SendingForecast(done is null || last > done ? last ?? done : done, by);
    }

    private async Task<int> WarmUpDaysAsync(string from, int queued, DateTime now, CancellationToken ct)
    {
        if (mail.Value.Politeness != MailOptions.PolitePanel)
        {
            return 0;
        }

        var today = now.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var days = await db.Set<WarmUpDay>().AsNoTracking().Where(d => d.Domain == from && d.Mails > 0).ToListAsync(ct);
        return WarmUp.DaysFor(queued, days.Count(d => d.Day != today), days.Find(d => d.Day == today)?.Mails ?? 0);
    }

    /// <summary>A page of rows in order of subscriber, of one state or all, after the last id of the page before.</summary>
    public async Task<Outcome<IReadOnlyList<DeliveryPage>>> DeliveriesAsync(Actor by, long id, DeliveryState? state, long? after, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var rows = new List<DeliveryPage>();
        await foreach (var row in Rows(id, found.List, In(state), after, PageSize).WithCancellation(ct))
        {
            rows.Add(row);
        }

        return rows;
    }

    private static Expression<Func<Delivery, bool>> In(DeliveryState? state) => state switch
    {
        null => _ => true,
        DeliveryState.Queued => d => d.State == DeliveryState.Queued || d.State == DeliveryState.Leased || d.State == DeliveryState.InData,
        { } one => d => d.State == EF.Constant(one),
    };

    private async IAsyncEnumerable<DeliveryPage> Rows(
        long id, MailingList list, Expression<Func<Delivery, bool>> which, long? after, int? most)
    {
        var key = keys.KeyFor(IssuePrinter.MessageIdKey);
        var domain = EmailAddress.Parse(list.FromEmail)?.Domain ?? "localhost";
        var rows = db.Set<Delivery>().AsNoTracking().Where(d => d.IssueId == id && d.SubscriberId > (after ?? 0)).Where(which).OrderBy(d => d.SubscriberId).Take(most ?? int.MaxValue)
            .LeftJoin(db.Set<Subscriber>(), d => d.SubscriberId, s => s.Id, (d, s) => new { Delivery = d, Email = s == null ? "" : s.Email });
        await foreach (var row in rows.AsAsyncEnumerable())
        {
            var d = row.Delivery;
            yield return new DeliveryPage(
                d.SubscriberId, row.Email, StateOf(d.State), d.At, d.Code, d.Reply, MessageIds.For(key, id, d.SubscriberId, domain), d.Reason, d.Tries, d.NextAt);
        }
    }

    // Leased and in DATA are steps of the machine, not answers to the question.
    private static string StateOf(DeliveryState state) =>
        state is DeliveryState.Leased or DeliveryState.InData ? "queued" : state.ToString().ToLowerInvariant();

    private sealed record Counts(int Sent, int Failed, int Unknown, int Skipped, int Deferred, int Waiting)
    {
        public int Sum => Sent + Failed + Unknown + Skipped + Deferred + Waiting;
    }
}
