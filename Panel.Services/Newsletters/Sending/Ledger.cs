using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Panel.Services.Newsletters.Leaving;

namespace Panel.Services.Newsletters.Sending;

/// <summary>The one writer of the delivery ledger in this process. Whatever was handed in while the last commit ran goes into
/// the next one, so a durable commit is shared by all connections. A database that is away is waited for; nothing is dropped.</summary>
internal sealed partial class Ledger : IAsyncDisposable
{
    private const int GroupLimit = 1_000;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastTries = TimeSpan.FromSeconds(10);
    private readonly Channel<LedgerWork> work = Channel.CreateUnbounded<LedgerWork>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource giveUp = new();
    private readonly LedgerStore store;
    private readonly OptOuts optOuts;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Thread writer;
    private readonly CancellationTokenRegistration stopping;

    /// <param name="stop">The program ends: a database that is away is waited for ten seconds more.</param>
    public Ledger(LedgerStore store, OptOuts optOuts, TimeProvider time, ILogger log, CancellationToken stop)
    {
        stopping = stop.Register(() => giveUp.CancelAfter(LastTries));
        (this.store, this.optOuts, this.time, this.log) = (store, optOuts, time, log);
        writer = new Thread(Write) { IsBackground = true, Name = "ledger" };
        writer.Start();
    }

    /// <summary>How often the ledger committed, and how many steps that were; for the benchmark.</summary>
    public (long Commits, long Steps) Figures { get; private set; }

    /// <summary>Hands in one turn of a connection; see <see cref="LedgerStep.Committed"/>.</summary>
    public LedgerStep Submit(Leased? finished, LedgerResult result, Leased? entering)
    {
        var step = new LedgerStep(finished, result, entering);
        Put(step);
        return step;
    }

    /// <summary>Runs work on many rows in a transaction of its own.</summary>
    public Task<T> RunAsync<T>(Func<LedgerStore, T> job)
    {
        var queued = new LedgerJob<T>(job);
        Put(queued);
        return queued.Done;
    }

    /// <summary>Writes what was handed in, for at most ten seconds while the database is away, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await stopping.DisposeAsync();
        giveUp.CancelAfter(LastTries);
        await Task.Run(writer.Join);
        store.Dispose();
        giveUp.Dispose();
    }

    private void Put(LedgerWork piece)
    {
        if (!work.Writer.TryWrite(piece))
        {
            piece.Fail(new ObjectDisposedException(nameof(Ledger)));
        }
    }

    private void Write()
    {
        var group = new List<LedgerStep>();
        while (work.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (work.Reader.TryRead(out var piece))
            {
                if (piece is LedgerStep step)
                {
                    group.Add(step);
                }

                if (group.Count == GroupLimit || piece is not LedgerStep)
                {
                    Commit(group);
                }

                if (piece is ILedgerJob job)
                {
                    Persist(piece, () => job.Run(store));
                }
            }

            Commit(group);
        }
    }

    private void Commit(List<LedgerStep> group)
    {
        if (group.Count == 0)
        {
            return;
        }

        if (Persist(null, () =>
        {
            optOuts.Settle();
            store.Commit(group, time.GetUtcNow().UtcDateTime);
        }))
        {
            Figures = (Figures.Commits + 1, Figures.Steps + group.Count);
            group.ForEach(s => s.Complete());
        }
        else
        {
            group.ForEach(s => s.Fail(new OperationCanceledException("The ledger could not be written before the stop.")));
        }

        group.Clear();
    }

    // Every statement is a compare-and-set on the epoch, so a commit whose answer got lost may be made again.
    private bool Persist(LedgerWork? piece, Action act)
    {
        while (true)
        {
            try
            {
                if (store.IsBroken)
                {
                    store.Reopen();
                }

                act();
                return true;
            }
            catch (Exception away) when (!giveUp.IsCancellationRequested && (away is OptOutsWaitingException || (away is DbException { IsTransient: var passing } && passing | store.IsBroken)))
            {
                Away(log, away);
                giveUp.Token.WaitHandle.WaitOne(Again);
            }
            catch (Exception broken)
            {
                if (piece is null)
                {
                    Lost(log, broken);
                }

                piece?.Fail(broken);
                return false;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The delivery ledger cannot be written; tried again in a second")]
    private static partial void Away(ILogger log, Exception why);

    [LoggerMessage(LogLevel.Error, "A group of the delivery ledger could not be written; its messages in DATA become unknown")]
    private static partial void Lost(ILogger log, Exception why);
}
