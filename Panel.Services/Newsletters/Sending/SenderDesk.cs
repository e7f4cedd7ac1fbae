using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Newsletters.Leaving;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

/// <summary>What one node's sender does between the hand-overs: starts what is due, freezes, leases in turn from every issue,
/// ends what is done, and takes back what dead nodes held.</summary>
internal sealed class SenderDesk(
    IServiceScopeFactory scopes, Ledger ledger, SenderQueue queue, OptOuts optOuts, HealthTally health, bool oneNode, NewslettersOptions options, TimeProvider time)
{
    /// <summary>Rows leased at once, over all issues: a fraction of a second's work, so that a pause or a leave meets few of them.</summary>
    public const int Batch = 256;

    /// <summary>After a longer silence of the whole house an issue that was being sent waits for its owner.</summary>
    private static readonly TimeSpan Away = TimeSpan.FromHours(1);

    private static readonly TimeSpan HealthEvery = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private readonly Dictionary<long, (SendingIssue Issue, IssueLetter Letter)> open = [];
    private readonly SenderLeases leases = new(ledger, queue, time);
    private readonly TimeSpan silence = options.NodeSilence;
    private DateTime beatenAt;
    private long lookedAt;
    private long wroteHealthAt;
    private readonly HashSet<long> saysWhy = [];
    private string? held;

    public async Task BeginAsync()
    {
        var now = Now;
        beatenAt = now;
        await ledger.RunAsync(store => store.HoldBack(now, now - Away) + store.Beat(now) + store.Recover(now, oneNode ? null : now - silence));
    }

    /// <summary>One round; true while issues are being sent.</summary>
    public async Task<bool> PassAsync(CancellationToken ct)
    {
        await BeatAsync();
        if (lookedAt == 0 || TimeProvider.System.GetElapsedTime(lookedAt) > Look)
        {
            await LookAsync(ct);
            await WatchAsync();
            lookedAt = TimeProvider.System.GetTimestamp();
        }

        if (await MayMailAsync())
        {
            await LeaseAsync();
        }

        return open.Count > 0;
    }

    /// <summary>Gives back what was leased and not begun.</summary>
    public Task EndAsync()
    {
        var now = Now;
        return ledger.RunAsync(store => store.Expire(now, mine: true) + store.Health(health.Take(), now));
    }

    // Whoever left while the database was away comes before any further mail (promise 4).
    private async Task<bool> MayMailAsync()
    {
        string? words = null;
        try
        {
            await optOuts.SettleAsync();
        }
        catch (OptOutsWaitingException waiting)
        {
            words = waiting.Message;
        }

        // Also an issue that begins while mail is held already says why it stands still.
        var told = words == held ? words is null ? [] : open.Keys.Except(saysWhy).ToList() : open.Keys.ToList();
        if (words != held)
        {
            held = words;
            saysWhy.Clear();
        }

        if (told.Count > 0)
        {
            saysWhy.UnionWith(told);
            await ledger.RunAsync(store => told.Sum(i => store.Note(i, words)));
        }

        return words is null;
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task BeatAsync()
    {
        var now = Now;
        if (now - beatenAt < silence / 6)
        {
            return;
        }

        beatenAt = now;
        await ledger.RunAsync(store => store.Beat(now) + store.Expire(now, mine: false) + (oneNode ? 0 : store.Recover(now, now - silence)));
        optOuts.SeveralNodes = !oneNode && await ledger.RunAsync(store => store.Nodes(now - silence)) > 1;
    }

    private async Task LookAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<Dispatches>().StartDueAsync(ct);
        var printer = scope.ServiceProvider.GetRequiredService<IssuePrinter>();
        var sending = await printer.SendingAsync(ct);
        foreach (var gone in open.Keys.Except(sending.Select(i => i.Id)).ToList())
        {
            open.Remove(gone);
        }

        foreach (var issue in sending)
        {
            if (issue.FrozenAt is null)
            {
                await FreezeAsync(issue.Id, ct);
            }

            if (!open.ContainsKey(issue.Id) && await printer.PrintAsync(issue.Id, ct) is { } printed)
            {
                open[issue.Id] = printed;
            }
        }
    }

    // Too many refusals stop an issue before its sender's name is ruined; the pace is for the forecast.
    private async Task WatchAsync()
    {
        var now = Now;
        foreach (var (issue, _) in open.Values.ToList())
        {
            if (issue.Tally.TooMany(options.PauseAtPercent) is { } words)
            {
                await ledger.RunAsync(store => store.Pause(issue.Id, words, now));
                open.Remove(issue.Id);
            }
            else if (issue.Tally.Pace(TimeProvider.System) is { } pace)
            {
                await ledger.RunAsync(store => store.Pace(issue.Id, pace));
            }
        }

        if (TimeProvider.System.GetElapsedTime(wroteHealthAt) > HealthEvery && health.Take() is { Count: > 0 } counts)
        {
            wroteHealthAt = TimeProvider.System.GetTimestamp();
            await ledger.RunAsync(store => store.Health(counts, now));
        }
    }

    private async Task FreezeAsync(long issue, CancellationToken ct)
    {
        var now = Now;
        while (await ledger.RunAsync(store => store.Freeze(issue, now)) && !ct.IsCancellationRequested)
        {
            // Page by page, so that sign-ups and leaves get in between.
        }
    }

    private async Task LeaseAsync()
    {
        var took = true;
        while (took && queue.IsLow && open.Count > 0)
        {
            took = false;
            foreach (var (issue, letter, share) in leases.InTurn(open.Values, Batch))
            {
                took |= await LeaseAsync(issue, letter, share) > 0;
            }
        }
    }

    private async Task<int> LeaseAsync(SendingIssue issue, IssueLetter letter, int count)
    {
        var taken = await leases.TakeAsync(issue, letter, count);
        var now = Now;
        if (taken == 0 && await ledger.RunAsync(store => store.Finish(issue.Id, now)))
        {
            open.Remove(issue.Id);
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<IssueAftermath>().SettleAsync(issue.Id, CancellationToken.None);
        }

        return taken;
    }
}
