using Microsoft.Extensions.Logging;
using Panel.Services.Mail;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

/// <summary>One connection's work: takes rows, asks the ledger, hands over, reports. At most one message of it is in DATA, and
/// "in DATA" of the next is committed together with the result of the last. The next letter is written and its envelope sent
/// along with the final dot before it, so that a message costs one round trip and one commit.</summary>
internal sealed partial class SenderWorker(SenderQueue queue, Ledger ledger, SenderRelay relay, SenderBell bell, HealthTally health, TimeProvider time, ILogger log)
{
    /// <summary>After this long since the commit the ledger is asked again before the dot: the person may have left meanwhile (U8).</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private Page? spare = new();
    private Page? ahead;
    private IMailConnection? connection;
    private (Leased Row, LedgerResult Result)? finished;
    private readonly Dictionary<string, int> handed = [];
    private MailReply? said;
    private bool careful;

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (await NextAsync(ct) is { } next)
            {
                await TryAsync(next, ct);
            }
        }
        finally
        {
            Report();
            await HangUpAsync();
        }
    }

    private async Task<Page?> NextAsync(CancellationToken ct)
    {
        if (!ct.IsCancellationRequested && (ahead ?? Take()) is { } next)
        {
            ahead = null;
            return next;
        }

        Report();
        while (!ct.IsCancellationRequested)
        {
            using var idle = CancellationTokenSource.CreateLinkedTokenSource(ct);
            idle.CancelAfter(connection is null ? Timeout.InfiniteTimeSpan : Idle);
            try
            {
                if (!await queue.WaitAsync(idle.Token))
                {
                    return null;
                }

                if (Take() is { } taken)
                {
                    return taken;
                }
            }
            catch (OperationCanceledException)
            {
                await HangUpAsync();
            }
        }

        return null;
    }

    private Page? Take()
    {
        while (queue.TryTake(out var mail))
        {
            if (mail!.NotBefore is { } later)
            {
                ledger.Submit(mail.Row, Retry.HeldBack(mail.Row, Receiver.Of(mail.Row.Domain).Name, later), null);
                continue;
            }

            var page = spare ?? new Page();
            spare = null;
            page.Take(mail);
            return page;
        }

        return null;
    }

    private async Task TryAsync(Page next, CancellationToken ct)
    {
        try
        {
            await DeliverAsync(next, ct);
        }
        catch (Exception broken)
        {
            // The ledger or the transport failed in a way they never should. What is certain here is only that nothing is certain.
            Broken(log, broken, next.Row.Issue.Id, next.Row.SubscriberId);
            finished = (next.Row, Retry.Of(MailReply.Own(MailResult.Unknown, "Panel failed while this message was being handed over."), next.Row, time.GetUtcNow().UtcDateTime, 0));
            await HangUpAsync();
        }
        finally
        {
            queue.Done(next.Row, said);
            (spare, said) = (next, null);
        }
    }

    private async Task DeliverAsync(Page next, CancellationToken ct)
    {
        if (connection is not { IsOpen: true } && !await OpenAsync(next, ct))
        {
            return;
        }

        var step = ledger.Submit(finished?.Row, finished?.Result ?? default, next.Row);
        finished = null;
        if (careful && !await step.Committed)
        {
            return;
        }

        var reply = Write(next)
            ? await HandOverAsync(next, step, ct)
            : MailReply.Own(MailResult.RecipientRefused, "This address cannot stand in the header of a mail.");
        careful = !await step.Committed;
        if (!careful)
        {
            var result = Retry.Of(reply, next.Row, time.GetUtcNow().UtcDateTime, Random.Shared.NextDouble(), queue.IsPolite);
            said = reply;
            next.Row.Issue.Tally.Count(result);
            health.Count(next.Row.Domain, result);
            finished = (next.Row, result);
        }
    }

    private async Task<MailReply> HandOverAsync(Page next, LedgerStep step, CancellationToken ct)
    {
        var last = queue.IsPolite && IsLastFor(Receiver.Of(next.Row.Domain));
        if (!last && (ahead = Take()) is { } following && Write(following))
        {
            connection!.AnnounceNext(following.From, following.Row.Email, following.Message);
        }

        var asked = time.GetTimestamp();
        var reply = await connection!.SendAsync(next.From, next.Row.Email, next.Message, _ => MayGoAsync(step, asked, next.Row), ct);
        if (last)
        {
            await HangUpAsync();
        }

        return reply;
    }

    // Counts one more mail for this receiver on this connection (A7).
    private bool IsLastFor(Receiver receiver) => (handed[receiver.Name] = handed.GetValueOrDefault(receiver.Name) + 1) >= receiver.PerConnection;

    private bool Write(Page page)
    {
        try
        {
            page.Write(time.GetUtcNow());
        }
        catch (ArgumentException unfit)
        {
            Unfit(log, unfit, page.Row.Issue.Id, page.Row.SubscriberId);
        }

        return page.IsWritten;
    }

    private async Task<bool> MayGoAsync(LedgerStep step, long asked, Leased row)
    {
        if (!await step.Committed)
        {
            return false;
        }

        return time.GetElapsedTime(asked) < Stale || await ledger.Submit(null, default, row).Committed;
    }

    private async Task<bool> OpenAsync(Page next, CancellationToken ct)
    {
        await HangUpAsync();
        var opening = await relay.OpenAsync(next.Row.Issue.Id, ct);
        connection = opening.Connection;
        if (connection is not null)
        {
            return true;
        }

        // Nothing was tried for this person, so nothing counts against them.
        var result = Retry.Of(opening.Reply, next.Row, time.GetUtcNow().UtcDateTime, 0);
        Report();
        finished = (next.Row, result with { State = DeliveryState.Queued, Tries = next.Row.Tries, NextAt = null });
        Report();
        return false;
    }

    private void Report()
    {
        if (finished is { } done)
        {
            finished = null;
            var step = ledger.Submit(done.Row, done.Result, null);
            step.Committed.ContinueWith(_ => bell.Ring(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task HangUpAsync()
    {
        if (connection is { } old)
        {
            connection = null;
            handed.Clear();
            await old.DisposeAsync();
        }
    }

    [LoggerMessage(LogLevel.Error, "The hand-over of issue {Issue} to subscriber {Subscriber} broke")]
    private static partial void Broken(ILogger log, Exception why, long issue, long subscriber);

    [LoggerMessage(LogLevel.Error, "Issue {Issue} could not be written for subscriber {Subscriber}")]
    private static partial void Unfit(ILogger log, Exception why, long issue, long subscriber);
}
