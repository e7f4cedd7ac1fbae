using System.Text.Json;
using Microsoft.Data.Sqlite;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Sending;

/// <summary>The ledger on SQLite: one prepared statement per row inside one durable transaction (no server to travel to).</summary>
internal sealed class SqliteLedgerStore : LedgerStore
{
    private const string EnterSql =
        "UPDATE deliveries SET state = 'InData', at = @now WHERE " + HeldByMe + " AND EXISTS (SELECT 1 FROM issues i WHERE i.id = @issue AND i.state = 'Sending') " +
        "AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = @person AND s.state = 'Confirmed') AND NOT " + Suppressed;

    // Unknown may still become known: a node that was given up for dead may report what it heard.
    private const string ResultSql =
        "UPDATE deliveries SET state = @state, at = @now, node = NULL, leased_until = NULL, tries = @tries, next_at = @next, code = @code, enhanced = @enhanced, reply = @reply, " +
        "reason = @reason WHERE issue_id = @issue AND subscriber_id = @person AND epoch = @epoch AND state IN ('Leased', 'InData', 'Unknown')";

    private readonly SqliteConnection sqlite;
    private Statements statements;

    public SqliteLedgerStore(SqliteConnection connection, string node)
        : base(connection, node)
    {
        sqlite = connection;
        connection.Open();
        statements = Prepare();
    }

    protected override string ForUpdate => "";

    protected override (string Sql, object Value) Among(IReadOnlyList<long> ids) => ("IN (SELECT value FROM json_each(@ids))", JsonSerializer.Serialize(ids));

    public override void Reopen()
    {
        statements.Dispose();
        base.Reopen();
        statements = Prepare();
    }

    public override void Commit(IReadOnlyList<LedgerStep> steps, DateTime now) => InTransaction(_ =>
    {
        var at = SqliteStatement.Text(now);
        foreach (var step in steps)
        {
            if (step.Finished is { } finished)
            {
                Write(finished, step.Result, at);
            }
        }

        foreach (var step in steps)
        {
            if (step.Entering is { } entering)
            {
                step.Entered = Run(statements.Enter, entering, at) == 1 || Run(statements.Release, entering, at) < 0;
            }
        }

        return steps.Count;
    });

    public override LeasedBatch Lease(SendingIssue issue, int count, DateTime now, DateTime until, Func<string, string> hash)
    {
        var leased = new List<Leased>();
        var taken = Take(issue, "Queued", count, now, until, hash, leased);
        taken += Take(issue, "Deferred", count - taken, now, until, hash, leased);
        return new LeasedBatch(leased, taken);
    }

    public override T InTransaction<T>(Func<LedgerStore, T> run)
    {
        using var turn = WriterTurn.Take(sqlite);
        try
        {
            statements.Begin.Run();
            var made = run(this);
            statements.Commit.Run();
            return made;
        }
        catch
        {
            Undo();
            throw;
        }
    }

    public override void Dispose()
    {
        statements.Dispose();
        base.Dispose();
    }

    private int Take(SendingIssue issue, string state, int count, DateTime now, DateTime until, Func<string, string> hash, List<Leased> into)
    {
        var rows = count <= 0 ? [] : Rows(
            "SELECT d.subscriber_id, d.epoch, d.tries, s.email, s.email_key, s.name, s.fields, s.tracked_at " +
            // Named, or it is taken in the order of the table: every lease would walk past all that were sent before.
            (state == "Deferred" ? "FROM deliveries d " : "FROM deliveries d INDEXED BY deliveries_queued ") + "LEFT JOIN subscribers s ON s.id = d.subscriber_id " +
            (state == "Deferred" ? "WHERE d.issue_id = @issue AND d.state = 'Deferred' AND d.next_at <= @now " : "WHERE d.issue_id = @issue AND d.state = 'Queued' ") +
            "AND EXISTS (SELECT 1 FROM issues i WHERE i.id = @issue AND i.state = 'Sending') " +
            (state == "Deferred" ? "ORDER BY d.next_at LIMIT @count" : "ORDER BY d.subscriber_id LIMIT @count"),
            r => LeasedRow(issue, r, hash), ("@issue", issue.Id), ("@now", now), ("@count", count));
        if (rows.Count == 0)
        {
            return 0;
        }

        // Nobody else writes inside this transaction, so these are exactly the rows that were read.
        Execute(
            "UPDATE deliveries SET state = 'Leased', node = @node, epoch = epoch + 1, leased_until = @until, at = @now, next_at = NULL " +
            "WHERE issue_id = @issue AND state = @state AND subscriber_id IN (SELECT value FROM json_each(@people))",
            ("@node", Node), ("@until", until), ("@now", now), ("@issue", issue.Id), ("@state", state), ("@people", JsonSerializer.Serialize(rows.Select(r => r.SubscriberId))));
        var stopped = Stopped(issue, rows);
        foreach (var row in rows)
        {
            if (stopped.Contains(row.SubscriberId))
            {
                Run(statements.Release, row, SqliteStatement.Text(now));
            }
            else
            {
                into.Add(row);
            }
        }

        return rows.Count;
    }

    private HashSet<long> Stopped(SendingIssue issue, List<Leased> rows)
    {
        var asked = JsonSerializer.Serialize(rows.Select(r => r.EmailHash));
        var hashes = Rows(
            "SELECT email_hash FROM suppressions WHERE member_id = @member AND (list_id IS NULL OR list_id = @list) AND email_hash IN (SELECT value FROM json_each(@hashes))",
            r => r.GetString(0), ("@member", issue.MemberId), ("@list", issue.ListId), ("@hashes", asked)).ToHashSet(StringComparer.Ordinal);
        var gone = Rows(
            "SELECT d.subscriber_id FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id " +
            "WHERE d.issue_id = @issue AND d.node > '' AND d.state = 'Leased' AND (s.state IS NULL OR s.state <> 'Confirmed')",
            r => r.GetInt64(0), ("@issue", issue.Id)).ToHashSet();
        gone.UnionWith(rows.Where(r => hashes.Contains(r.EmailHash)).Select(r => r.SubscriberId));
        return gone;
    }

    private void Write(Leased row, LedgerResult what, string now)
    {
        statements.Result.Run(
            what.State.ToString(), now, what.Tries, what.NextAt is { } next ? SqliteStatement.Text(next) : (string?)null, what.Code == 0 ? (long?)null : what.Code, what.Enhanced, what.Reply, what.Reason,
            row.Issue.Id, row.SubscriberId, row.Epoch);
        if (what.PauseIssue)
        {
            Execute(PauseSql, ("@words", what.Reply ?? ""), ("@now", now), ("@issue", row.Issue.Id));
        }
    }

    private int Run(SqliteStatement statement, Leased row, string now) =>
        statement.Run(now, row.Issue.Id, row.SubscriberId, row.Epoch, Node, row.EmailHash, row.Issue.MemberId, row.Issue.ListId);

    private Statements Prepare()
    {
        // FULL: a commit is on the disk before its caller goes on. The timeout is SQLite's own, which looks again within milliseconds.
        using var pragmas = sqlite.CreateCommand();
        pragmas.CommandText = "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 30000; PRAGMA cache_size = -4000";
        pragmas.ExecuteNonQuery();
        return new Statements(sqlite);
    }

    private void Undo()
    {
        try
        {
            statements.Rollback.Run();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back by itself (disk full, I/O error): there is no transaction left.
        }
    }

    private sealed class Statements(SqliteConnection sqlite) : IDisposable
    {
        private static readonly string[] Row = ["@now", "@issue", "@person", "@epoch", "@node", "@hash", "@member", "@list"];

        public SqliteStatement Begin { get; } = new(sqlite, "BEGIN IMMEDIATE");

        public SqliteStatement Commit { get; } = new(sqlite, "COMMIT");

        public SqliteStatement Rollback { get; } = new(sqlite, "ROLLBACK");

        public SqliteStatement Enter { get; } = new(sqlite, EnterSql, Row);

        public SqliteStatement Release { get; } = new(sqlite, ReleaseSql, Row);

        public SqliteStatement Result { get; } =
            new(sqlite, ResultSql, "@state", "@now", "@tries", "@next", "@code", "@enhanced", "@reply", "@reason", "@issue", "@person", "@epoch");

        public void Dispose()
        {
            foreach (var statement in new[] { Begin, Commit, Rollback, Enter, Release, Result })
            {
                statement.Dispose();
            }
        }
    }
}
