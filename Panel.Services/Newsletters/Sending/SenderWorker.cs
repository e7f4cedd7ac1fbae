using Microsoft.Extensions.Logging;
using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Sending;

/// <summary>One connection's work: takes rows, asks the ledger, hands over, reports. At most one message of it is in DATA, and
/// "in DATA" of the next is committed together with the result of the last, while the next envelope is on its way.</summary>
internal sealed partial class SenderWorker(SenderQueue queue, Ledger ledger, SenderRelay relay, SenderBell bell, TimeProvider time, ILogger log)
{
    /// <summary>After this long since the commit the ledger is asked again before the dot: the person may have left meanwhile (U8).</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private readonly LetterPaper paper = new();
    private IMailConnection? connection;
    private (Leased Row, LedgerResult Result)? finished;
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

    private async Task<Outgoing?> NextAsync(CancellationToken ct)
    {
        if (!ct.IsCancellationRequested && queue.TryTake(out var next))
        {
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

                if (queue.TryTake(out next))
                {
                    return next;
                }
            }
            catch (OperationCanceledException)
            {
                await HangUpAsync();
            }
        }

        return null;
    }

    private async Task TryAsync(Outgoing next, CancellationToken ct)
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
    }

    private async Task DeliverAsync(Outgoing next, CancellationToken ct)
    {
        if (connection is not { IsOpen: true } && !await OpenAsync(next, ct))
        {
            return;
        }

        var step = ledger.Submit(finished?.Row, finished?.Result ?? default, next.Row);
        finished = null;
        MailReply reply;
        try
        {
            next.Letter.Write(paper, next.Row.SubscriberId, next.Row.Email, next.Row.Name, time.GetUtcNow());
            if (careful && !await step.Committed)
            {
                return;
            }

            var asked = time.GetTimestamp();
            reply = await connection!.SendAsync(next.Letter.From, next.Row.Email, paper.Whole.WrittenMemory, _ => MayGoAsync(step, asked, next.Row), ct);
        }
        catch (ArgumentException unfit)
        {
            Unfit(log, unfit, next.Row.Issue.Id, next.Row.SubscriberId);
            reply = MailReply.Own(MailResult.RecipientRefused, "This address cannot stand in the header of a mail.");
        }

        careful = !await step.Committed;
        if (!careful)
        {
            finished = (next.Row, Retry.Of(reply, next.Row, time.GetUtcNow().UtcDateTime, Random.Shared.NextDouble()));
        }
    }

    private async Task<bool> MayGoAsync(LedgerStep step, long asked, Leased row)
    {
        if (!await step.Committed)
        {
            return false;
        }

        return time.GetElapsedTime(asked) < Stale || await ledger.Submit(null, default, row).Committed;
    }

    private async Task<bool> OpenAsync(Outgoing next, CancellationToken ct)
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
            await old.DisposeAsync();
        }
    }

    [LoggerMessage(LogLevel.Error, "The hand-over of issue {Issue} to subscriber {Subscriber} broke")]
    private static partial void Broken(ILogger log, Exception why, long issue, long subscriber);

    [LoggerMessage(LogLevel.Error, "Issue {Issue} could not be written for subscriber {Subscriber}")]
    private static partial void Unfit(ILogger log, Exception why, long issue, long subscriber);
}
