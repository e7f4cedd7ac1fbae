using System.Data.Common;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Leaving;

/// <summary>Every leave of this process, one queue: whatever came while the last commit ran goes into the next. When the database
/// does not answer within a second, leaves go to the journal instead, and come before any further mail (promise 4).</summary>
public sealed partial class OptOuts : IAsyncDisposable
{
    private const int Group = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>As long as leaves that are being written go before mail, which would otherwise hold SQLite's one lock nearly all the time.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(25);

    private readonly Channel<Asked> queue = Channel.CreateUnbounded<Asked>(new UnboundedChannelOptions { SingleReader = true });
    private readonly IServiceScopeFactory scopes;
    private readonly ReaderTokens tokens;
    private readonly OptOutJournal journal;
    private readonly bool shared;
    private readonly ILogger log;
    private readonly Task running;
    private Task late = Task.CompletedTask;
    private long restUntil;

    public OptOuts(IServiceScopeFactory scopes, ReaderTokens tokens, IOptions<PanelOptions> panel, IOptions<NewslettersOptions> options, ILogger<OptOuts> log)
    {
        (this.scopes, this.tokens, this.log, shared) = (scopes, tokens, log, options.Value.OptOuts is { Length: > 0 });
        journal = new OptOutJournal(options.Value.OptOuts is { Length: > 0 } set ? Path.GetFullPath(set) : panel.Value.PathOf("optouts"));
        running = Task.Run(RunAsync);
    }

    /// <summary>More than one node sends: then a journal of this machine alone would not be seen by the others.</summary>
    public bool SeveralNodes { get; set; }

    /// <summary>Done before it returns: in the database, or in the journal; both hold a crash.</summary>
    public async Task<OptOutAnswer> LeaveAsync(OptOut leave)
    {
        var asked = new Asked(leave);
        return queue.Writer.TryWrite(asked) ? await asked.Answer.Task : new OptOutAnswer(OptOutFate.Lost, null);
    }

    /// <summary>Returns once no leave waits in any journal; called before mail is handed over.</summary>
    /// <exception cref="OptOutsWaitingException">Some wait, or nobody can know: no mail may leave now.</exception>
    public async Task SettleAsync()
    {
        if (!IsSettled())
        {
            var asked = new Asked(null);
            _ = queue.Writer.TryWrite(asked) ? await asked.Answer.Task : throw new OptOutsWaitingException("Panel is closing.", new OperationCanceledException());
        }
    }

    /// <summary>The same for the ledger's own thread, which also lets leaves that are being written go first.</summary>
    public void Settle()
    {
        Volatile.Read(ref late).Wait(Turn);
        if (!IsSettled())
        {
            SettleAsync().GetAwaiter().GetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await running;
        journal.Dispose();
    }

    private bool IsSettled()
    {
        try
        {
            return journal.IsSettled();
        }
        catch (Exception away) when (away is IOException or UnauthorizedAccessException)
        {
            throw new OptOutsWaitingException("The journal of opt-outs cannot be read, so no mail is sent: " + away.Message, away);
        }
    }

    private async Task RunAsync()
    {
        var group = new List<Asked>();
        while (await queue.Reader.WaitToReadAsync())
        {
            Asked? settle = null;
            while (settle is null && group.Count < Group && queue.Reader.TryRead(out var next))
            {
                settle = next.Leave is null ? next : null;
                if (settle is null)
                {
                    group.Add(next);
                }
            }

            if (group.Count > 0)
            {
                await TakeAsync(group);
                group.Clear();
            }

            if (settle is not null)
            {
                await SettleAsync(settle);
            }
        }
    }

    private async Task TakeAsync(List<Asked> group)
    {
        List<OptOut> leaves = group.ConvertAll(g => g.Leave!);
        if (!IsResting)
        {
            try
            {
                var pages = await WriteAsync(leaves);
                group.ForEach(g => g.Answer.SetResult(new OptOutAnswer(OptOutFate.Done, pages.GetValueOrDefault((g.Leave!.Reader.ListId, g.Leave.Reader.SubscriberId)))));
                return;
            }
            catch (Exception away) when (IsAway(away))
            {
                Away(log, away.Message);
                restUntil = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
            }
        }

        var fate = Keep(leaves) ? OptOutFate.Kept : OptOutFate.Lost;
        group.ForEach(g => g.Answer.SetResult(new OptOutAnswer(fate, null)));
    }

    private bool Keep(List<OptOut> leaves)
    {
        try
        {
            return (shared || !SeveralNodes) && journal.Append(leaves);
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            Unwritable(log, full);
            return false;
        }
    }

    private async Task SettleAsync(Asked asked)
    {
        try
        {
            if (IsResting)
            {
                throw new TimeoutException("The database does not answer.");
            }

            var (rows, read) = journal.Read();
            var leaves = rows.Select(r => tokens.Read(TokenPurpose.Leave, r.Token) is { } reader ? new OptOut(r.Token, reader, r.At) : null).OfType<OptOut>();
            foreach (var part in leaves.Chunk(Group))
            {
                await WriteAsync(part);
            }

            journal.Drop(read);
            if (rows.Count > 0)
            {
                Settled(log, rows.Count);
            }

            asked.Answer.SetResult(default);
        }
        catch (Exception away) when (IsAway(away) || away is IOException or UnauthorizedAccessException)
        {
            asked.Answer.SetException(new OptOutsWaitingException("Opt-outs wait in the journal and could not be applied, so no mail is sent: " + away.Message, away));
        }
    }

    // A database that hangs holds the thread of this one task, never the asker.
    private async Task<Dictionary<(long, long), Departure>> WriteAsync(IReadOnlyList<OptOut> leaves)
    {
        var writing = Task.Run(async () =>
        {
            await using var scope = scopes.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<ApplyOptOuts>().ApplyAsync(leaves, CancellationToken.None);
        });
        var ended = writing.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Volatile.Write(ref late, ended);
        return await writing.WaitAsync(Patience);
    }

    private bool IsResting => !late.IsCompleted || Environment.TickCount64 < restUntil;

    internal static bool IsAway(Exception why) =>
        why is DbException or DbUpdateException or TimeoutException or InvalidOperationException { InnerException: DbException };

    private sealed record Asked(OptOut? Leave)
    {
        public TaskCompletionSource<OptOutAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(LogLevel.Warning, "The database does not take opt-outs ({Why}); they are kept in the journal")]
    private static partial void Away(ILogger log, string why);

    [LoggerMessage(LogLevel.Error, "The journal of opt-outs cannot be written; leaves are answered 503")]
    private static partial void Unwritable(ILogger log, Exception why);

    [LoggerMessage(LogLevel.Information, "{Count} opt-outs were brought from the journal into the database")]
    private static partial void Settled(ILogger log, int count);
}
