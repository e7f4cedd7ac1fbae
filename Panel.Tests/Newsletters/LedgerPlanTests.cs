using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending;

namespace Panel.Tests.Newsletters;

/// <summary>What the sender does all day finds its rows by an index, however large the issue is: SQLite is asked how it runs each statement.</summary>
public sealed class LedgerPlanTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task No_step_of_the_sender_walks_over_a_whole_issue()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(20);
        var id = await house.SendNewAsync();
        await house.WaitForAsync(id, IssueState.Sent);
        var plans = new List<string>();

        // The same rows where no sender is, waiting once more.
        using var looking = new LookingConnection($"Data Source={folder.In("copy.db")};Pooling=False");
        looking.Open();
        await house.WithAsync<PanelDb, bool>(async db =>
        {
            using var from = new SqliteConnection(db.Database.GetConnectionString());
            await from.OpenAsync();
            from.BackupDatabase(looking);
            return true;
        });
        looking.Execute("UPDATE issues SET state = 'Sending'; UPDATE deliveries SET state = 'Queued'");
        using var store = new SqliteLedgerStore(looking, "here");
        var (issue, now) = (new SendingIssue(id, house.ListId, 1, DateTime.UtcNow), DateTime.UtcNow);
        var batch = store.Lease(issue, 10, now, now, key => key);
        store.Commit([new LedgerStep(null, default, batch.Rows[0])], now);
        store.Commit([new LedgerStep(batch.Rows[0], new LedgerResult(DeliveryState.Sent, 1, null, 250, null, "Ok", null, false), batch.Rows[1])], now);
        store.Expire(now, mine: false);
        store.Expire(now, mine: true);
        store.Recover(now, now);
        store.Recover(now, null);
        store.Finish(id, now);

        foreach (var said in looking.Said.Where(c => c.CommandText.Contains("deliveries")).ToList())
        {
            plans.AddRange(looking.Plan(said).Select(step => $"{step}   in   {said.CommandText}"));
        }

        Assert.Equal(10, batch.Rows.Count);
        Assert.True(plans.Count(p => p.Contains("INDEX deliveries_")) > 6, string.Join('\n', plans));
        var walks = plans.Where(p => p.StartsWith("SCAN deliveries", StringComparison.Ordinal) || p.StartsWith("SCAN d ", StringComparison.Ordinal) || p.Contains("PRIMARY KEY (issue_id=?)   "));
        Assert.True(!walks.Any(), string.Join('\n', walks));
    }

    public void Dispose() => folder.Dispose();

    private sealed class LookingConnection(string text) : SqliteConnection(text)
    {
        public List<SqliteCommand> Said { get; } = [];

        public override SqliteCommand CreateCommand()
        {
            var command = base.CreateCommand();
            Said.Add(command);
            return command;
        }

        public void Execute(string sql)
        {
            using var command = base.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        public List<string> Plan(SqliteCommand of)
        {
            using var command = base.CreateCommand();
            command.CommandText = "EXPLAIN QUERY PLAN " + of.CommandText;
            foreach (SqliteParameter given in of.Parameters)
            {
                command.Parameters.AddWithValue(given.ParameterName, given.Value ?? DBNull.Value);
            }

            using var reader = command.ExecuteReader();
            var steps = new List<string>();
            while (reader.Read())
            {
                steps.Add(reader.GetString(3));
            }

            return steps;
        }
    }
}
