namespace Panel.Services.Newsletters.Sending;

/// <summary>Something for the ledger's one writer, done in the order it came.</summary>
internal abstract class LedgerWork
{
    public abstract void Fail(Exception why);
}

/// <summary>One turn of one connection: the result of its last message and "in DATA" of its next, in the same commit, so that
/// a crash leaves at most one message per connection in doubt.</summary>
internal sealed class LedgerStep(Leased? finished, LedgerResult result, Leased? entering) : LedgerWork
{
    private readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Leased? Finished => finished;

    public LedgerResult Result => result;

    public Leased? Entering => entering;

    /// <summary>Set while the commit is made: the row was still ours and the person still wants it.</summary>
    public bool Entered { get; set; }

    /// <summary>Done once committed: true when <see cref="Entering"/> may be handed over.</summary>
    public Task<bool> Committed => done.Task;

    public void Complete() => done.TrySetResult(Entered);

    public override void Fail(Exception why) => done.TrySetException(why);
}

/// <summary>Work on many rows at once, in a transaction of its own between two group commits.</summary>
internal sealed class LedgerJob<T>(Func<LedgerStore, T> run) : LedgerWork, ILedgerJob
{
    private readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Done => done.Task;

    public void Run(LedgerStore store) => done.TrySetResult(store.InTransaction(run));

    public override void Fail(Exception why) => done.TrySetException(why);
}

internal interface ILedgerJob
{
    void Run(LedgerStore store);
}
