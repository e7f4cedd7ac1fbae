using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Panel.Services.Data;

/// <summary>A statement prepared once, for the few that run for every mail. ADO.NET looks up each parameter by its name and binds all
/// anew at every run; here a value that did not change stays bound.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly int[] places;
    private readonly Bound[] bound;

    /// <param name="parameters">Their names, in the order in which <see cref="Run"/> gets the values.</param>
    /// <exception cref="SqliteException">The statement does not fit the schema.</exception>
    public SqliteStatement(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        database = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
        (places, bound) = (new int[parameters.Length], new Bound[parameters.Length]);
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = raw.sqlite3_bind_parameter_index(statement, parameters[i]);
        }
    }

    /// <summary>A moment as Microsoft.Data.Sqlite writes it.</summary>
    public static string Text(DateTime at) => at.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    /// <summary>Runs it to its end; how many rows it changed.</summary>
    /// <exception cref="SqliteException">SQLite said no; the statement can be run again.</exception>
    public int Run(params ReadOnlySpan<Bound> values)
    {
        Step(values);
        var changed = raw.sqlite3_changes(database);
        raw.sqlite3_reset(statement);
        return changed;
    }

    /// <summary>The first column of the first row as text; null when there is no row.</summary>
    /// <exception cref="SqliteException">SQLite said no; the statement can be run again.</exception>
    public string? Ask(params ReadOnlySpan<Bound> values)
    {
        var found = Step(values) ? raw.sqlite3_column_text(statement, 0).utf8_to_string() : null;
        raw.sqlite3_reset(statement);
        return found;
    }

    public void Dispose() => statement.Dispose();

    private bool Step(ReadOnlySpan<Bound> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (bound[i] != values[i])
            {
                Bind(places[i], values[i]);
                bound[i] = values[i];
            }
        }

        var code = raw.sqlite3_step(statement);
        if (code is not (raw.SQLITE_DONE or raw.SQLITE_ROW))
        {
            raw.sqlite3_reset(statement);
            Check(code);
        }

        return code == raw.SQLITE_ROW;
    }

    private void Bind(int place, Bound value) =>
        Check(value.Words is { } words ? raw.sqlite3_bind_text(statement, place, words)
            : value.Number is { } number ? raw.sqlite3_bind_int64(statement, place, number)
            : raw.sqlite3_bind_null(statement, place));

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, database);

    /// <summary>Text, a whole number or nothing.</summary>
    public readonly record struct Bound(string? Words, long? Number)
    {
        public static implicit operator Bound(string? words) => new(words, null);

        public static implicit operator Bound(long? number) => new(null, number);

        public static implicit operator Bound(long number) => new(null, number);
    }
}
