using System.Data;
using System.Data.Common;

namespace Panel.Services.Newsletters.Sending;

/// <summary>The ledger's statements on one connection of its own; commits are durable. Used by one thread.</summary>
internal abstract partial class LedgerStore(DbConnection connection, string node) : IDisposable
{
    protected const string HeldByMe = "issue_id = @issue AND subscriber_id = @person AND epoch = @epoch AND node = @node AND state IN ('Leased', 'InData')";

    /// <summary>What must hold at lease and again at hand-over: the issue is being sent, the person is confirmed and not suppressed.</summary>
    protected const string Suppressed =
        "EXISTS (SELECT 1 FROM suppressions x WHERE x.email_hash = @hash AND x.member_id = @member AND (x.list_id IS NULL OR x.list_id = @list))";

    private const string Why =
        "CASE WHEN (SELECT i.state FROM issues i WHERE i.id = @issue) = 'Cancelled' THEN 'cancelled' " +
        "WHEN NOT EXISTS (SELECT 1 FROM subscribers s WHERE s.id = @person) THEN 'erased' " +
        "ELSE (SELECT " + ReasonOfState + " FROM subscribers s WHERE s.id = @person) END";

    private const string ReasonOfState =
        "CASE s.state WHEN 'Left' THEN 'left' WHEN 'Paused' THEN 'paused' WHEN 'Bounced' THEN 'bounced' WHEN 'Complained' THEN 'complained' " +
        "WHEN 'Confirmed' THEN CASE WHEN " + Suppressed + " THEN 'suppressed' END ELSE 'not confirmed' END";

    /// <summary>Gives a row back that could not be entered: skipped with the reason, or queued when only the sending stopped.</summary>
    protected const string ReleaseSql =
        "UPDATE deliveries SET reason = " + Why + ", state = CASE WHEN " + Why + " IS NULL THEN 'Queued' ELSE 'Skipped' END, " +
        "node = NULL, leased_until = NULL, at = @now WHERE " + HeldByMe;

    /// <summary>What the owner reads about a message whose sender died with it.</summary>
    private const string DiedWithIt = "Panel stopped while this message was being handed over: it may or may not have arrived.";

    private const string WasAway =
        "Panel was not running for more than an hour. If its data was restored from a copy, some people may have got this issue already: look before you go on.";

    public string Node => node;

    public bool IsBroken => connection.State != ConnectionState.Open;

    protected DbConnection Connection => connection;

    /// <summary>One durable commit: all results, then every "in DATA" as a compare-and-set. Sets <see cref="LedgerStep.Entered"/>.</summary>
    public abstract void Commit(IReadOnlyList<LedgerStep> steps, DateTime now);

    /// <summary>Takes up to <paramref name="count"/> rows that are due, for this node, until <paramref name="until"/>.</summary>
    public abstract LeasedBatch Lease(SendingIssue issue, int count, DateTime now, DateTime until, Func<string, string> hash);

    public abstract T InTransaction<T>(Func<LedgerStore, T> run);

    public virtual void Reopen()
    {
        connection.Close();
        connection.Open();
    }

    /// <summary>Ends an issue that has nothing left to do; true when it did.</summary>
    public bool Finish(long issue, DateTime now) => Execute(
        "UPDATE issues SET state = 'Sent', note = NULL, finished_at = @now, changed_at = @now WHERE id = @issue AND state = 'Sending' AND frozen_at IS NOT NULL " +
        "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE issue_id = @issue AND state = 'Queued') " +
        "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE issue_id = @issue AND node > '' AND state IN ('Leased', 'InData')) " +
        "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE issue_id = @issue AND state = 'Deferred')",
        ("@issue", issue), ("@now", now)) == 1;

    /// <summary>A sign of life, which keeps this node's messages in DATA from becoming unknown.</summary>
    public int Beat(DateTime now) => Execute(
        "INSERT INTO sender_nodes (name, seen_at) VALUES (@node, @now) ON CONFLICT (name) DO UPDATE SET seen_at = @now", ("@node", node), ("@now", now));

    /// <summary>How many senders gave a sign of life since <paramref name="limit"/>.</summary>
    public int Nodes(DateTime limit) => Rows("SELECT COUNT(*) FROM sender_nodes WHERE seen_at > @limit", r => (int)r.GetInt64(0), ("@limit", limit))[0];

    /// <summary>Takes back what dead senders held: leased is queued again, in DATA becomes unknown. A node is dead when it gave
    /// no sign of life since <paramref name="limit"/>; null: every node but this one (SQLite has one at a time).</summary>
    public int Recover(DateTime now, DateTime? limit)
    {
        var dead = limit is null ? "node <> @node" : "node NOT IN (SELECT name FROM sender_nodes WHERE seen_at > @limit)";
        var taken = Execute(
            "UPDATE deliveries SET reply = CASE state WHEN 'InData' THEN @words ELSE reply END, code = CASE state WHEN 'InData' THEN NULL ELSE code END, " +
            "state = CASE state WHEN 'InData' THEN 'Unknown' ELSE 'Queued' END, node = NULL, leased_until = NULL, at = @now " +
            $"WHERE {InHand} AND state IN ('Leased', 'InData') AND {dead}",
            ("@words", DiedWithIt), ("@now", now), limit is { } at ? ("@limit", at) : ("@node", node));
        Execute($"DELETE FROM sender_nodes WHERE {(limit is null ? "name <> @node" : "seen_at < @limit")}", limit is { } old ? ("@limit", old.AddDays(-1)) : ("@node", node));
        return taken;
    }

    /// <summary>Stops what was being sent when no sender of the house gave a sign of life since <paramref name="limit"/>: the data
    /// may be yesterday's, restored, and what it calls queued may have arrived (F10).</summary>
    public int HoldBack(DateTime now, DateTime limit) => Execute(
        "UPDATE issues SET state = 'Paused', note = @words, changed_at = @now WHERE state = 'Sending' AND (SELECT MAX(seen_at) FROM sender_nodes) < @limit",
        ("@words", WasAway), ("@now", now), ("@limit", limit));

    /// <summary>Gives back leases that ran out, or all of this node's own when it stops.</summary>
    public int Expire(DateTime now, bool mine) => Execute(
        $"UPDATE deliveries SET state = 'Queued', node = NULL, leased_until = NULL, at = @now WHERE {InHand} AND state = 'Leased' AND " +
        (mine ? "node = @node" : "leased_until < @now"),
        ("@now", now), ("@node", node));

    /// <summary>Stops an issue that goes wrong, with the reason.</summary>
    public int Pause(long issue, string words, DateTime now) => Execute(PauseSql, ("@words", words), ("@now", now), ("@issue", issue));

    /// <summary>Notes how many mails a minute go out, for the forecast.</summary>
    public int Pace(long issue, int pace) => Execute("UPDATE issues SET pace = @pace WHERE id = @issue", ("@pace", pace), ("@issue", issue));

    /// <summary>Says on the issue what holds it up, or that nothing does.</summary>
    public int Note(long issue, string? words) =>
        Execute("UPDATE issues SET note = @words WHERE id = @issue AND state = 'Sending'", ("@words", (object?)words ?? DBNull.Value), ("@issue", issue));

    public virtual void Dispose()
    {
        connection.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The relay refuses us, not one person (rule A14).</summary>
    protected const string PauseSql = "UPDATE issues SET state = 'Paused', note = @words, changed_at = @now WHERE id = @issue AND state = 'Sending'";

    protected abstract string ForUpdate { get; }

    /// <summary>Reads subscriber, epoch before the lease, tries, email, email key, name, fields and since when tracking is agreed to; a person who is gone has empty ones.</summary>
    protected static Leased LeasedRow(SendingIssue issue, DbDataReader r, Func<string, string> hash)
    {
        var there = !r.IsDBNull(3);
        return new Leased(
            issue, r.GetInt64(0), r.GetInt32(1) + 1, r.GetInt32(2), there ? r.GetString(3) : "", there ? hash(r.GetString(4)) : "", there ? r.GetString(5) : "", there ? r.GetString(6) : "",
            !r.IsDBNull(7));
    }

    // One probe of an index per issue instead of a scan over every delivery there ever was. A row has a node while it is in hand, and only then.
    private const string InHand =
        "issue_id IN (SELECT i.id FROM issues i WHERE i.started_at IS NOT NULL AND EXISTS (SELECT 1 FROM deliveries h WHERE h.issue_id = i.id AND h.node > '' " +
        "AND h.state IN ('Leased', 'InData'))) AND node > ''";

    protected int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    protected List<T> Rows<T>(string sql, Func<DbDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> values)
    {
        using var command = Command(sql, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private DbCommand Command(string sql, ReadOnlySpan<(string Name, object Value)> values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this folder.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
