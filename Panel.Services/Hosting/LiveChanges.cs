using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Panel.Services.Hosting;

/// <summary>Wakes whoever waits for a change in this process the moment it is committed. Only a hurry-up: changes made by
/// another node are seen by looking again every <see cref="LookAgain"/>.</summary>
public sealed class LiveChanges(TimeProvider time)
{
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<DbContext, HashSet<string>> uncommitted = [];

    public static string Host(long id) => $"host {id}";

    public static string Member(long id) => $"member {id}";

    public static string Move(long id) => $"move {id}";

    public static string Request(long id) => $"request {id}";

    /// <summary>Take this before looking, look, then wait: nothing that comes between is missed.</summary>
    public Task Next(string topic) =>
        waiting.GetOrAdd(topic, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Returns when <paramref name="next"/> has come or <paramref name="atMost"/> has passed.</summary>
    public async Task WaitAsync(Task next, TimeSpan atMost, CancellationToken ct)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(next, Task.Delay(atMost, time, over.Token));
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
    }

    /// <summary>Wakes the topics when the running transaction of <paramref name="db"/> has committed.</summary>
    public void AfterCommit(DbContext db, params ReadOnlySpan<string> topics)
    {
        var held = uncommitted.GetOrCreateValue(db);
        foreach (var topic in topics)
        {
            held.Add(topic);
        }
    }

    public void Wake(string topic)
    {
        if (waiting.TryRemove(topic, out var waiter))
        {
            waiter.TrySetResult();
        }
    }

    private void Committed(DbContext? db)
    {
        if (db is not null && uncommitted.TryGetValue(db, out var topics))
        {
            uncommitted.Remove(db);
            foreach (var topic in topics)
            {
                Wake(topic);
            }
        }
    }

    internal sealed class OnCommit(LiveChanges changes) : DbTransactionInterceptor
    {
        public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => changes.Committed(eventData.Context);

        public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            changes.Committed(eventData.Context);
            return Task.CompletedTask;
        }
    }
}
