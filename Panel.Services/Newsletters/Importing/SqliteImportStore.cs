using Microsoft.Data.Sqlite;

namespace Panel.Services.Newsletters.Importing;

/// <summary>One prepared statement per question and row, inside one transaction per chunk: SQLite answers in microseconds.</summary>
internal sealed class SqliteImportStore : ImportStore
{
    private readonly SqliteConnection sqlite;
    private readonly SqliteCommand insert;
    private readonly SqliteCommand state;
    private readonly SqliteCommand blocked;

    public SqliteImportStore(SqliteConnection connection)
        : base(connection)
    {
        sqlite = connection;
        connection.Open();
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = "PRAGMA busy_timeout = 30000; PRAGMA cache_size = -32000";
        pragmas.ExecuteNonQuery();
        insert = Statement(
            "INSERT INTO subscribers (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at, import_id) " +
            "VALUES (@list, @email, @key, @domain, @name, @fields, 'Confirmed', @now, @now, @now, @import) ON CONFLICT (list_id, email_key) DO NOTHING",
            "@list", "@email", "@key", "@domain", "@name", "@fields", "@now", "@import");
        state = Statement("SELECT state FROM subscribers WHERE list_id = @list AND email_key = @key", "@list", "@key");
        blocked = Statement("SELECT reason FROM suppressions WHERE email_hash = @hash AND member_id = @member AND (list_id IS NULL OR list_id = @list) LIMIT 1", "@hash", "@member", "@list");
    }

    public override int Chunk => 5_000;

    public override bool Add(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now) => Run(target, people, tally, now, person =>
    {
        if (BlockedBy(target, person) is { } reason)
        {
            return reason;
        }

        Set(insert, target.ListId, person.Address.Typed, person.Key, person.Address.Domain, person.Name, person.Fields, now, target.ImportId);
        return insert.ExecuteNonQuery() == 1 ? null : StateOf(target, person);
    });

    public override bool Check(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now) =>
        Run(target, people, tally, now, person => BlockedBy(target, person) ?? StateOf(target, person));

    private bool Run(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now, Func<ImportedPerson, string?> stays)
    {
        using var transaction = sqlite.BeginTransaction();
        (insert.Transaction, state.Transaction, blocked.Transaction) = (transaction, transaction, transaction);
        foreach (var person in people)
        {
            if (stays(person) is { } reason)
            {
                tally.Stay(reason, 1);
            }
            else
            {
                tally.Added++;
            }
        }

        if (!Keep(target, tally, now, transaction))
        {
            return false;
        }

        transaction.Commit();
        return true;
    }

    private string? BlockedBy(ImportTarget target, ImportedPerson person)
    {
        Set(blocked, person.Hash, target.MemberId, target.ListId);
        return blocked.ExecuteScalar() as string;
    }

    private string? StateOf(ImportTarget target, ImportedPerson person)
    {
        Set(state, target.ListId, person.Key);
        return (state.ExecuteScalar() as string)?.ToLowerInvariant();
    }

    private SqliteCommand Statement(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = sqlite.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }

    private static void Set(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }
}
