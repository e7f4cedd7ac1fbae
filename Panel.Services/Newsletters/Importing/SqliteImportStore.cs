using Microsoft.Data.Sqlite;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Importing;

/// <summary>One prepared statement per question and row, inside one transaction per chunk: SQLite answers in microseconds.</summary>
internal sealed class SqliteImportStore : ImportStore
{
    private readonly SqliteConnection sqlite;
    private readonly SqliteStatement insert;
    private readonly SqliteStatement state;
    private readonly SqliteStatement blocked;

    public SqliteImportStore(SqliteConnection connection)
        : base(connection)
    {
        sqlite = connection;
        connection.Open();
        using var pragmas = connection.CreateCommand();
        pragmas.CommandText = "PRAGMA busy_timeout = 30000; PRAGMA cache_size = -8000";
        pragmas.ExecuteNonQuery();
        insert = new SqliteStatement(
            connection,
            "INSERT INTO subscribers (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at, import_id) " +
            "VALUES (@list, @email, @key, @domain, @name, @fields, 'Confirmed', @now, @now, @now, @import) ON CONFLICT (list_id, email_key) DO NOTHING",
            "@list", "@email", "@key", "@domain", "@name", "@fields", "@now", "@import");
        state = new SqliteStatement(connection, "SELECT state FROM subscribers WHERE list_id = @list AND email_key = @key", "@list", "@key");
        blocked = new SqliteStatement(connection, "SELECT reason FROM suppressions WHERE email_hash = @hash AND member_id = @member AND (list_id IS NULL OR list_id = @list) LIMIT 1", "@hash", "@member", "@list");
    }

    public override int Chunk => 5_000;

    public override bool Add(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now) => Run(target, people, tally, now, person =>
    {
        if (BlockedBy(target, person) is { } reason)
        {
            return reason;
        }

        var added = insert.Run(target.ListId, person.Address.Typed, person.Key, person.Address.Domain, person.Name, person.Fields, SqliteStatement.Text(now), target.ImportId);
        return added == 1 ? null : StateOf(target, person);
    });

    public override bool Check(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now) =>
        Run(target, people, tally, now, person => BlockedBy(target, person) ?? StateOf(target, person));

    public override void Dispose()
    {
        insert.Dispose();
        state.Dispose();
        blocked.Dispose();
        base.Dispose();
    }

    private bool Run(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now, Func<ImportedPerson, string?> stays)
    {
        using var turn = WriterTurn.Take(sqlite);
        using var transaction = sqlite.BeginTransaction();
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

    private string? BlockedBy(ImportTarget target, ImportedPerson person) => blocked.Ask(person.Hash, target.MemberId, target.ListId);

    private string? StateOf(ImportTarget target, ImportedPerson person) => state.Ask(target.ListId, person.Key)?.ToLowerInvariant();
}
