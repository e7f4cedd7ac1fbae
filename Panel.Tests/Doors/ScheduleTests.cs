using Npgsql;
using Panel.Services.Data;
using Panel.Tests.Data;

namespace Panel.Tests.Doors;

/// <summary>Architecture rule 8: with PostgreSQL any number of nodes schedule together.</summary>
public sealed class ScheduleTests
{
    [Fact]
    public async Task Two_nodes_on_one_database_share_one_schedule()
    {
        var connection = PostgresServer.NewDatabase();
        using var one = new PanelApp(DatabaseOptions.Postgres, ("Database:Connection", connection)) { Scheduled = true };
        using var first = one.Visitor();
        using var two = new PanelApp(DatabaseOptions.Postgres, ("Database:Connection", connection), ("Panel:Data", one.Folder)) { Scheduled = true };
        using var second = two.Visitor();
        await using var database = NpgsqlDataSource.Create(connection);

        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await CountAsync("SELECT COUNT(*) FROM qrtz_scheduler_state") < 2)
        {
            await Task.Delay(20, deadline.Token);
        }

        var triggers = await CountAsync("SELECT COUNT(*) FROM qrtz_triggers");
        Assert.Equal(triggers, await CountAsync("SELECT COUNT(DISTINCT trigger_name) FROM qrtz_triggers"));
        Assert.Equal(1, await CountAsync("SELECT COUNT(*) FROM qrtz_triggers WHERE trigger_name = 'send-due-issues'"));

        async Task<long> CountAsync(string sql)
        {
            await using var command = database.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync(deadline.Token))!;
        }
    }
}
