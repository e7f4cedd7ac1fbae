namespace Panel.Services.Members;

/// <summary>One table's part of an erasure: rows that go, or with <paramref name="Set"/> are changed so that they are not found again.</summary>
/// <param name="IsMany">There may be so many that they are taken before the rest, some at a time. Then an index has to find the next ones.</param>
/// <param name="Child">A table whose rows go with the same ones, found by the column after the dot; only then has their order to be said.</param>
internal sealed record ErasureStep(string Table, string Where, string? Set = null, bool IsMany = false, string? Child = null, string? Order = null)
{
    public string All => $"{Verb} WHERE {Where}";

    private string Verb => Set is null ? $"DELETE FROM {Table}" : $"UPDATE {Table} SET {Set}";

    /// <summary>At most so many of them, by what names a row.</summary>
    public string Some(string key, int most, bool postgres)
    {
        string Next(string column) => $"SELECT {column} FROM {Table} WHERE {Where}{(Order is null ? "" : $" ORDER BY {Order}")} LIMIT {most}";
        var child = Child?.Split('.') is [var table, var column] ? $"DELETE FROM {table} WHERE {column} IN ({Next("id")}); " : "";
        return child + (postgres ? $"{Verb} WHERE {key} = ANY(ARRAY({Next(key)}))" : $"{Verb} WHERE ({key}) IN ({Next(key)})");
    }
}

/// <summary>As many rows at a time as are gone in 20 ms, and then twice as long nothing: whoever waits for SQLite's one writer gets the turn, or, where
/// it takes none, looks again after 1, 2, 5 ... 25 ms and finds the pause.</summary>
internal sealed class ErasurePace
{
    private static readonly TimeSpan Wanted = TimeSpan.FromMilliseconds(20);

    private TimeSpan rest;

    public int Rows { get; private set; } = 50;

    public void Note(int taken, TimeSpan took)
    {
        rest = taken < Rows ? TimeSpan.Zero : 2 * (took < 4 * Wanted ? took : 4 * Wanted);
        Rows = took > 2 * Wanted ? Math.Max(10, Rows / 2) : took < Wanted && taken >= Rows ? Math.Min(20_000, Rows * 3 / 2) : Rows;
    }

    /// <summary>Real time, whatever clock the house has: the others wait in it.</summary>
    public Task RestAsync(CancellationToken ct) => rest == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(rest, TimeProvider.System, ct);
}
