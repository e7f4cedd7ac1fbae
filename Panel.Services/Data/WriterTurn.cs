using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Panel.Services.Data;

/// <summary>Whose turn it is to write to a SQLite file, in the order they asked. SQLite has one writer at a time and no queue: who finds
/// it busy sleeps and looks again, after 1, 2, 5 ... 100 ms, however long it has been free meanwhile. Here the next one of this process
/// begins when the last has ended.</summary>
internal static class WriterTurn
{
    /// <summary>After this long one tries one's luck with SQLite itself: a turn orders, it never forbids.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly ConcurrentDictionary<string, SemaphoreSlim> Doors = new(StringComparer.Ordinal);

    /// <summary>The turn, which its disposal gives back once; null when it did not come.</summary>
    public static IDisposable? Take(SqliteConnection connection) => DoorOf(connection) is var door && door.Wait(Patience) ? new Taken(door) : null;

    /// <inheritdoc cref="Take"/>
    public static async Task<IDisposable?> TakeAsync(SqliteConnection connection, CancellationToken ct) =>
        DoorOf(connection) is var door && await door.WaitAsync(Patience, ct) ? new Taken(door) : null;

    private static SemaphoreSlim DoorOf(SqliteConnection connection) => Doors.GetOrAdd(connection.DataSource, static _ => new SemaphoreSlim(1, 1));

    private sealed class Taken(SemaphoreSlim door) : IDisposable
    {
        private SemaphoreSlim? door = door;

        public void Dispose() => Interlocked.Exchange(ref door, null)?.Release();
    }
}
