using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace Panel.Services.Data;

/// <summary>Writers on SQLite take turns (<see cref="WriterTurn"/>) from the start of a transaction to its end. Whoever writes without
/// one waits as SQLite does, which looks again after 1, 2, 5 ... 100 ms; the provider's own wait looks every 150 ms and finds a sender at
/// full speed before it each time: one-click took a second (infra/bench, row oneclick).</summary>
internal sealed class PatientWriter : IDbConnectionInterceptor, IDbTransactionInterceptor
{
    private readonly ConcurrentDictionary<Guid, IDisposable> taken = new();

    public void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => raw.sqlite3_busy_timeout(((SqliteConnection)connection).Handle, 1_000);

    public Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }

    public InterceptionResult<DbTransaction> TransactionStarting(DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
    {
        Note(eventData.ConnectionId, WriterTurn.Take((SqliteConnection)connection));
        return result;
    }

    public async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
    {
        Note(eventData.ConnectionId, await WriterTurn.TakeAsync((SqliteConnection)connection, cancellationToken));
        return result;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Give(eventData.ConnectionId);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Give(eventData.ConnectionId);
        return Task.CompletedTask;
    }

    // A transaction that is dropped, which is how most are rolled back, says nothing; its connection is closed with it.
    public void ConnectionClosed(DbConnection connection, ConnectionEndEventData eventData) => Give(eventData.ConnectionId);

    public Task ConnectionClosedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        Give(eventData.ConnectionId);
        return Task.CompletedTask;
    }

    public void ConnectionDisposed(DbConnection connection, ConnectionEndEventData eventData) => Give(eventData.ConnectionId);

    public Task ConnectionDisposedAsync(DbConnection connection, ConnectionEndEventData eventData)
    {
        Give(eventData.ConnectionId);
        return Task.CompletedTask;
    }

    private void Note(Guid connection, IDisposable? turn)
    {
        if (turn is not null)
        {
            taken[connection] = turn;
        }
    }

    private void Give(Guid connection)
    {
        if (taken.TryRemove(connection, out var turn))
        {
            turn.Dispose();
        }
    }
}
