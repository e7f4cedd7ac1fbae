using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters.Sending;
using Panel.Services.Newsletters.Writing;

namespace Panel.Services.Newsletters;

/// <summary>What would happen if it were sent off now.</summary>
/// <param name="Known">Everybody on the list, also those who do not get it.</param>
/// <param name="StartsAt">When the first mail leaves; until then it can be taken back whole.</param>
/// <param name="Refused">What must be done first, or null.</param>
public sealed record DispatchPlan(IssuePage Issue, string From, int Known, DateTime DueAt, DateTime StartsAt, bool Later, bool HasPostalAddress, Refusal? Refused)
{
    /// <summary>Whose clocks this list last named a time on; null when it never did.</summary>
    public string? Zone { get; init; }

    /// <summary>What receivers will mind about the sender domain, in sentences.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What a careful friend would say before it is sent.</summary>
    public IReadOnlyList<IssueCheck> Checks { get; init; } = [];
}

/// <summary>Sending issues off: schedule, hold, take back, pause, resume, cancel. Every move is a compare-and-set on the state, so
/// two doors, two nodes or a job that runs twice never make it twice.</summary>
public sealed class Dispatches(PanelDb db, Issues issues, DispatchRules rules, AuditTrail audit, TimeProvider time, SenderBell bell, SenderDomainChecks checks,
    IOptions<NewslettersOptions> options)
{
    /// <summary>What is overdue by more than this is not sent unasked: the machine was off, or an old copy of the data was restored (F10).</summary>
    private static readonly TimeSpan Overdue = TimeSpan.FromHours(1);

    /// <summary>A clock that is a little behind ours is no mistake of its owner.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Horizon = TimeSpan.FromDays(366);

    /// <summary>What the last screen shows: to how many, when, until when it can be taken back, and what is in the way.</summary>
    public async Task<Outcome<DispatchPlan>> PlanAsync(Actor by, long id, DateTimeOffset? at, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found || (await issues.ShowAsync(by, id, ct)).Value is not { } page)
        {
            return new NotThere($"issue {id}");
        }

        var now = time.GetUtcNow().UtcDateTime;
        var due = at?.UtcDateTime is { } wanted && wanted > now ? wanted : now;
        return new DispatchPlan(
            page, $"{found.List.FromName} <{found.List.FromEmail}>", await rules.KnownAsync(found.List.Id, ct), due, due + options.Value.Hold, due > now, found.List.PostalAddress.Length > 0,
            await RefuseAsync(by, found.Issue, found.List, at, now, ct))
        {
            Zone = found.Issue.Zone ?? await db.Set<Issue>().Where(i => i.ListId == found.List.Id && i.Zone != null).OrderByDescending(i => i.Id).Select(i => i.Zone).FirstOrDefaultAsync(ct),
            Warnings = await checks.WarningsAsync(found.List.MemberId, EmailAddress.Parse(found.List.FromEmail)?.Domain ?? "", ct),
        };
    }

    /// <summary>Sends an issue off, now or at <paramref name="at"/>. From then until the end of the hold it can be taken back whole.</summary>
    public Task<Outcome<IssuePage>> SendAsync(Actor by, long id, DateTimeOffset? at, CancellationToken ct) => SendAsync(by, id, at, null, ct);

    /// <param name="zone">Whose clocks the time was read from, to show it so again; the moment itself is <paramref name="at"/>.</param>
    public async Task<Outcome<IssuePage>> SendAsync(Actor by, long id, DateTimeOffset? at, string? zone, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var now = time.GetUtcNow().UtcDateTime;
        if (await RefuseAsync(by, found.Issue, found.List, at, now, ct) is { } no)
        {
            return no;
        }

        var due = at?.UtcDateTime ?? now;
        var shown = at is not null && WallTime.Find(zone) is { } known && known.Id != "UTC" ? known.Id : null;
        var mails = await rules.PeopleAsync(found.List, found.Issue.Audience, ct);
        var (state, starts) = due <= now ? (IssueState.Held, (DateTime?)(now + options.Value.Hold)) : (IssueState.Scheduled, null);
        return await MoveAsync(by, found, "issue.send", [IssueState.Draft, IssueState.Asking], state,
            set => set.SetProperty(i => i.DueAt, due).SetProperty(i => i.Zone, shown).SetProperty(i => i.StartsAt, starts).SetProperty(i => i.Mails, mails).SetProperty(i => i.Note, (string?)null), ct);
    }

    /// <summary>Makes it a draft again; nobody was mailed.</summary>
    public Task<Outcome<IssuePage>> TakeBackAsync(Actor by, long id, CancellationToken ct) =>
        MoveAsync(by, id, "issue.take-back", [IssueState.Scheduled, IssueState.Held, IssueState.Asking], IssueState.Draft,
            "only what has not started can be taken back", ct);

    /// <summary>No further mail leaves; takes hold at the next hand-over, within five seconds on every node (F9).</summary>
    public Task<Outcome<IssuePage>> PauseAsync(Actor by, long id, CancellationToken ct) =>
        MoveAsync(by, id, "issue.pause", [IssueState.Sending], IssueState.Paused, "only an issue that is being sent can be paused", ct);

    public Task<Outcome<IssuePage>> ResumeAsync(Actor by, long id, CancellationToken ct) =>
        MoveAsync(by, id, "issue.resume", [IssueState.Paused], IssueState.Sending, "only a paused issue can go on", ct);

    /// <summary>Ends it for good: whoever was not mailed yet is skipped, and the report says so.</summary>
    public async Task<Outcome<IssuePage>> CancelAsync(Actor by, long id, CancellationToken ct) =>
        await MoveAsync(by, id, "issue.cancel",
            [IssueState.Draft, IssueState.Scheduled, IssueState.Held, IssueState.Asking, IssueState.Sending, IssueState.Paused], IssueState.Cancelled,
            "there is nothing left to cancel", ct);

    /// <summary>Queues again those who were refused for good, and nobody else (F7); with <paramref name="unknown"/> also those of whom
    /// nobody knows whether it arrived. Who was taken off the list meanwhile is skipped.</summary>
    public async Task<Outcome<IssuePage>> RetryAsync(Actor by, long id, bool unknown, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        if (found.Issue.State != IssueState.Sent)
        {
            return new InTheWay($"This issue is {Issues.Words(found.Issue.State)}: only one that is sent can be tried again.");
        }

        DeliveryState[] again = unknown ? [DeliveryState.Failed, DeliveryState.Unknown] : [DeliveryState.Failed];
        var now = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var rows = await db.Set<Delivery>().Where(d => d.IssueId == id && again.Contains(d.State)).ExecuteUpdateAsync(
            set => set.SetProperty(d => d.State, DeliveryState.Queued).SetProperty(d => d.Tries, 0).SetProperty(d => d.NextAt, (DateTime?)null)
                .SetProperty(d => d.Reason, (string?)null).SetProperty(d => d.At, now), ct);
        if (rows == 0)
        {
            return new InTheWay(unknown ? "Nobody was refused and nobody is unknown: there is nothing to try again." : "Nobody was refused: there is nothing to try again.");
        }

        var moved = await db.Set<Issue>().Where(i => i.Id == id && i.State == IssueState.Sent).ExecuteUpdateAsync(
            set => set.SetProperty(i => i.State, IssueState.Sending).SetProperty(i => i.RetriedAt, now).SetProperty(i => i.ChangedAt, now)
                .SetProperty(i => i.FinishedAt, (DateTime?)null).SetProperty(i => i.Note, (string?)null), ct);
        if (moved == 0)
        {
            return new InTheWay("The state of this issue changed meanwhile. Look again.");
        }

        audit.Add(by, found.List.MemberId, "issue.retry", $"{found.List.Name}: {found.Issue.Subject}", ("people", null, rows.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        bell.Ring();
        return await issues.ShowAsync(by, id, ct);
    }

    /// <summary>Starts what is due: due -> held -> being sent; what is overdue by an hour asks its owner. Safe to run late, twice,
    /// or on two nodes at once.</summary>
    public async Task<int> StartDueAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var waiting = await db.Set<Issue>().AsNoTracking()
            .Where(i => (i.State == IssueState.Scheduled && i.DueAt <= now) || (i.State == IssueState.Held && i.StartsAt <= now)).OrderBy(i => i.Id).ToListAsync(ct);
        foreach (var issue in waiting)
        {
            var list = await db.Set<MailingList>().AsNoTracking().SingleAsync(l => l.Id == issue.ListId, ct);
            await StartAsync((issue, list), now, ct);
        }

        return waiting.Count;
    }

    private async Task<Refusal?> RefuseAsync(Actor by, Issue issue, MailingList list, DateTimeOffset? at, DateTime now, CancellationToken ct)
    {
        if (issue.State is not (IssueState.Draft or IssueState.Asking))
        {
            return new InTheWay($"This issue is {Issues.Words(issue.State)}: it cannot be sent off {(issue.State is IssueState.Sent or IssueState.Cancelled ? "again" : "a second time")}.");
        }

        if (at?.UtcDateTime < now - Slack)
        {
            return new Refusal($"{at?.UtcDateTime:yyyy-MM-dd HH:mm} UTC is in the past; it is {now:yyyy-MM-dd HH:mm} UTC now.", "at");
        }

        if (at?.UtcDateTime > now + Horizon)
        {
            return new Refusal("An issue can be scheduled at most a year ahead.", "at");
        }

        return await rules.CheckAsync(list, issue, by, now, ct) ?? IssuePrinter.Render(issue, list).Refused;
    }

    private async Task StartAsync((Issue Issue, MailingList List) found, DateTime now, CancellationToken ct)
    {
        var (issue, list) = found;
        var late = now - (issue.State == IssueState.Held ? issue.StartsAt : issue.DueAt) > Overdue;
        var no = late ? new Refusal("Panel was not running when this issue was due. Send it now, or cancel it.") : await rules.CheckAsync(list, issue, null, now, ct);
        var hold = issue.State == IssueState.Scheduled && options.Value.Hold > TimeSpan.Zero;
        var to = no is not null ? IssueState.Asking : hold ? IssueState.Held : IssueState.Sending;
        await MoveAsync(Actor.Job, found, to switch { IssueState.Asking => "issue.ask", IssueState.Held => "issue.hold", _ => "issue.start" }, [issue.State], to, set =>
        {
            set.SetProperty(i => i.Note, no?.Message);
            if (to == IssueState.Held)
            {
                set.SetProperty(i => i.StartsAt, now + options.Value.Hold);
            }
            else if (to == IssueState.Sending)
            {
                set.SetProperty(i => i.StartedAt, now);
            }
        }, ct);
    }

    private async Task<Outcome<IssuePage>> MoveAsync(Actor by, long id, string action, IssueState[] from, IssueState to, string otherwise, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        return from.Contains(found.Issue.State)
            ? await MoveAsync(by, found, action, from, to, set => set.SetProperty(i => i.Note, (string?)null), ct)
            : new InTheWay($"This issue is {Issues.Words(found.Issue.State)}: {otherwise}.");
    }

    private async Task<Outcome<IssuePage>> MoveAsync(
        Actor by, (Issue Issue, MailingList List) found, string action, IssueState[] from, IssueState to,
        Action<Microsoft.EntityFrameworkCore.Query.UpdateSettersBuilder<Issue>> more, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (id, was) = (found.Issue.Id, found.Issue.State);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var moved = await db.Set<Issue>().Where(i => i.Id == id && i.State == was && from.Contains(i.State)).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(i => i.State, to).SetProperty(i => i.ChangedAt, now);
            if (to == IssueState.Cancelled)
            {
                set.SetProperty(i => i.FinishedAt, now);
            }

            more(set);
        }, ct);
        if (moved == 0)
        {
            return new InTheWay("The state of this issue changed meanwhile. Look again.");
        }

        if (to == IssueState.Cancelled && found.Issue.StartedAt is not null)
        {
            await SkipRestAsync(id, now, ct);
        }

        audit.Add(by, found.List.MemberId, action, $"{found.List.Name}: {found.Issue.Subject}", ("state", was.ToString(), to.ToString()));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        bell.Ring();
        return await issues.ShowAsync(by, id, ct);
    }

    // What is in DATA right now may have arrived; its result is still written.
    private Task<int> SkipRestAsync(long id, DateTime now, CancellationToken ct)
    {
        DeliveryState[] rest = [DeliveryState.Queued, DeliveryState.Leased, DeliveryState.Deferred];
        return db.Set<Delivery>().Where(d => d.IssueId == id && rest.Contains(d.State)).ExecuteUpdateAsync(
            set => set.SetProperty(d => d.State, DeliveryState.Skipped).SetProperty(d => d.Reason, SkipReason.Cancelled).SetProperty(d => d.Node, (string?)null)
                .SetProperty(d => d.LeasedUntil, (DateTime?)null).SetProperty(d => d.At, now), ct);
    }
}
