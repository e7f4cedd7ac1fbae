using Npgsql;
using NpgsqlTypes;

namespace Panel.Services.Newsletters.Sending;

/// <summary>The ledger on PostgreSQL: one statement per kind and commit, its rows as arrays (measured far ahead of one by one).</summary>
internal sealed class PostgresLedgerStore : LedgerStore
{
    private const string EnterSql =
        "UPDATE deliveries d SET state = 'InData', at = @now FROM unnest(@issues, @people, @epochs, @hashes, @members, @lists) AS e (issue, person, epoch, hash, member, list) " +
        "WHERE d.issue_id = e.issue AND d.subscriber_id = e.person AND d.epoch = e.epoch AND d.node = @node AND d.state IN ('Leased', 'InData') " +
        "AND EXISTS (SELECT 1 FROM issues i WHERE i.id = e.issue AND i.state = 'Sending') " +
        "AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = e.person AND s.state = 'Confirmed') " +
        "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email_hash = e.hash AND x.member_id = e.member AND (x.list_id IS NULL OR x.list_id = e.list)) " +
        "RETURNING d.issue_id, d.subscriber_id";

    private const string ResultSql =
        "UPDATE deliveries d SET state = r.state, at = @now, node = NULL, leased_until = NULL, tries = r.tries, next_at = r.next_at, code = r.code, enhanced = r.enhanced, " +
        "reply = r.reply, reason = r.reason FROM unnest(@issues, @people, @epochs, @states, @tries, @nexts, @codes, @enhanceds, @replies, @reasons) " +
        "AS r (issue, person, epoch, state, tries, next_at, code, enhanced, reply, reason) " +
        "WHERE d.issue_id = r.issue AND d.subscriber_id = r.person AND d.epoch = r.epoch AND d.state IN ('Leased', 'InData', 'Unknown')";

    private const string LeaseSql =
        "WITH due AS (SELECT d.subscriber_id FROM deliveries d WHERE d.issue_id = @issue AND d.state = @state AND (d.next_at IS NULL OR d.next_at <= @now) " +
        "AND EXISTS (SELECT 1 FROM issues i WHERE i.id = @issue AND i.state = 'Sending') ORDER BY d.subscriber_id LIMIT @count FOR UPDATE SKIP LOCKED), " +
        "taken AS (UPDATE deliveries d SET state = 'Leased', node = @node, epoch = d.epoch + 1, leased_until = @until, at = @now, next_at = NULL FROM due " +
        "WHERE d.issue_id = @issue AND d.subscriber_id = due.subscriber_id RETURNING d.subscriber_id, d.epoch, d.tries) " +
        "SELECT t.subscriber_id, t.epoch - 1, t.tries, s.email, s.email_key, s.name, s.fields, s.tracked_at, s.state FROM taken t LEFT JOIN subscribers s ON s.id = t.subscriber_id ORDER BY t.subscriber_id";

    // What was put off is found by its time, not among all that was put off.
    private static readonly string DeferredSql = LeaseSql.Replace("d.state = @state", "d.state = 'Deferred'", StringComparison.Ordinal)
        .Replace("(d.next_at IS NULL OR d.next_at <= @now)", "d.next_at <= @now", StringComparison.Ordinal).Replace("ORDER BY d.subscriber_id LIMIT", "ORDER BY d.next_at LIMIT", StringComparison.Ordinal);

    private readonly NpgsqlConnection postgres;

    public PostgresLedgerStore(NpgsqlConnection connection, string node)
        : base(connection, node)
    {
        postgres = connection;
        connection.Open();
        Prepare();
    }

    /// <summary>The connection text for a ledger: its few statements are prepared by the second time.</summary>
    public static string Text(string connection) => new NpgsqlConnectionStringBuilder(connection) { MaxAutoPrepare = 30, AutoPrepareMinUsages = 2 }.ConnectionString;

    protected override string ForUpdate => " FOR UPDATE";

    protected override (string Sql, object Value) Among(IReadOnlyList<long> ids) => ("= ANY (@ids)", ids.ToArray());

    public override void Reopen()
    {
        base.Reopen();
        Prepare();
    }

    /// <summary>Results and entries travel together and commit by themselves: one way to the server and back. What may not enter is given
    /// back after that; an end in between leaves it leased, which runs out.</summary>
    public override void Commit(IReadOnlyList<LedgerStep> steps, DateTime now)
    {
        var finished = steps.Where(s => s.Finished is not null).ToList();
        var entering = steps.Where(s => s.Entering is not null).ToList();
        if (finished.Exists(s => s.Result.PauseIssue))
        {
            InTransaction(_ => Write(finished, entering, now));
        }
        else
        {
            Write(finished, entering, now);
        }

        foreach (var step in entering.Where(s => !s.Entered))
        {
            Release(step.Entering!, now);
        }
    }

    public override LeasedBatch Lease(SendingIssue issue, int count, DateTime now, DateTime until, Func<string, string> hash)
    {
        var leased = new List<Leased>();
        var taken = Take(issue, "Queued", count, now, until, hash, leased);
        taken += taken < count ? Take(issue, "Deferred", count - taken, now, until, hash, leased) : 0;
        return new LeasedBatch(leased, taken);
    }

    public override T InTransaction<T>(Func<LedgerStore, T> run)
    {
        using var transaction = postgres.BeginTransaction();
        var made = run(this);
        transaction.Commit();
        return made;
    }

    private int Take(SendingIssue issue, string state, int count, DateTime now, DateTime until, Func<string, string> hash, List<Leased> into)
    {
        var rows = Rows(state == "Deferred" ? DeferredSql : LeaseSql, r => (Row: LeasedRow(issue, r, hash), Stays: !r.IsDBNull(8) && r.GetString(8) == nameof(SubscriberState.Confirmed)),
            ("@issue", issue.Id), ("@state", state), ("@now", now), ("@count", count), ("@node", Node), ("@until", until));
        var suppressed = rows.Count == 0 ? [] : Rows(
            "SELECT email_hash FROM suppressions WHERE member_id = @member AND (list_id IS NULL OR list_id = @list) AND email_hash = ANY (@hashes)",
            r => r.GetString(0), ("@member", issue.MemberId), ("@list", issue.ListId), ("@hashes", rows.Select(r => r.Row.EmailHash).ToArray())).ToHashSet(StringComparer.Ordinal);
        foreach (var (row, stays) in rows)
        {
            if (stays && !suppressed.Contains(row.EmailHash))
            {
                into.Add(row);
            }
            else
            {
                Release(row, now);
            }
        }

        return rows.Count;
    }

    private bool Write(List<LedgerStep> finished, List<LedgerStep> entering, DateTime now)
    {
        using var batch = new NpgsqlBatch(postgres);
        if (finished.Count > 0)
        {
            batch.BatchCommands.Add(Results(finished, now));
        }

        if (entering.Count > 0)
        {
            batch.BatchCommands.Add(Entries(entering.ConvertAll(s => s.Entering!), now));
        }

        var entered = new HashSet<(long, long)>();
        using (var reader = batch.ExecuteReader())
        {
            do
            {
                while (reader.Read())
                {
                    entered.Add((reader.GetInt64(0), reader.GetInt64(1)));
                }
            }
            while (reader.NextResult());
        }

        foreach (var step in entering)
        {
            step.Entered = entered.Contains((step.Entering!.Issue.Id, step.Entering.SubscriberId));
        }

        foreach (var step in finished.Where(s => s.Result.PauseIssue))
        {
            Execute(PauseSql, ("@words", step.Result.Reply ?? ""), ("@now", now), ("@issue", step.Finished!.Issue.Id));
        }

        return true;
    }

    private NpgsqlBatchCommand Entries(List<Leased> rows, DateTime now)
    {
        var command = new NpgsqlBatchCommand(EnterSql);
        command.Parameters.Add(new NpgsqlParameter("@now", now));
        command.Parameters.Add(new NpgsqlParameter("@node", Node));
        Add(command, "@issues", Of(rows, r => r.Issue.Id), NpgsqlDbType.Bigint);
        Add(command, "@people", Of(rows, r => r.SubscriberId), NpgsqlDbType.Bigint);
        Add(command, "@epochs", Of(rows, r => r.Epoch), NpgsqlDbType.Integer);
        Add(command, "@hashes", Of(rows, r => r.EmailHash), NpgsqlDbType.Text);
        Add(command, "@members", Of(rows, r => r.Issue.MemberId), NpgsqlDbType.Bigint);
        Add(command, "@lists", Of(rows, r => r.Issue.ListId), NpgsqlDbType.Bigint);
        return command;
    }

    private static NpgsqlBatchCommand Results(List<LedgerStep> steps, DateTime now)
    {
        var command = new NpgsqlBatchCommand(ResultSql);
        command.Parameters.Add(new NpgsqlParameter("@now", now));
        Add(command, "@issues", Of(steps, s => s.Finished!.Issue.Id), NpgsqlDbType.Bigint);
        Add(command, "@people", Of(steps, s => s.Finished!.SubscriberId), NpgsqlDbType.Bigint);
        Add(command, "@epochs", Of(steps, s => s.Finished!.Epoch), NpgsqlDbType.Integer);
        Add(command, "@states", Of(steps, s => s.Result.State.ToString()), NpgsqlDbType.Text);
        Add(command, "@tries", Of(steps, s => s.Result.Tries), NpgsqlDbType.Integer);
        Add(command, "@nexts", Of(steps, s => s.Result.NextAt), NpgsqlDbType.TimestampTz);
        Add(command, "@codes", Of(steps, s => s.Result.Code == 0 ? null : (int?)s.Result.Code), NpgsqlDbType.Integer);
        Add(command, "@enhanceds", Of(steps, s => s.Result.Enhanced), NpgsqlDbType.Text);
        Add(command, "@replies", Of(steps, s => s.Result.Reply), NpgsqlDbType.Text);
        Add(command, "@reasons", Of(steps, s => s.Result.Reason), NpgsqlDbType.Text);
        return command;
    }

    private static void Add(NpgsqlBatchCommand to, string name, object value, NpgsqlDbType type) =>
        to.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | type) { Value = value });

    // Every statement here asks for rows by their keys. The plans are made once and kept, which is most of what a commit cost, so they must be
    // good also where the server's idea of the tables is from before they were filled. (Compiling them took 200 ms each: measured.)
    private void Prepare() => Execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET random_page_cost = 1; SET jit = off");

    private void Release(Leased row, DateTime now) => Execute(
        ReleaseSql, ("@now", now), ("@issue", row.Issue.Id), ("@person", row.SubscriberId), ("@epoch", row.Epoch), ("@node", Node), ("@hash", row.EmailHash),
        ("@member", row.Issue.MemberId), ("@list", row.Issue.ListId));

    private static TResult[] Of<T, TResult>(List<T> rows, Func<T, TResult> value) => [.. rows.Select(value)];
}
