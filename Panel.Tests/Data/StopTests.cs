using Panel.Tests.Newsletters;

namespace Panel.Tests.Data;

/// <summary>The real program ends when it is told to, whatever its database does.</summary>
public class StopTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_service_manager_need_not_kill_it_also_while_the_database_is_gone(bool isThere)
    {
        using var folder = new TempFolder();
        var (server, database) = PostgresServer.StartOwn();
        using var own = server;
        await using var panel = new CrashedPanel(folder, new Dictionary<string, string> { ["Database__Provider"] = "postgres", ["Database__Connection"] = database });
        await panel.StartAsync();
        if (!isThere)
        {
            own.End();
        }

        // systemd kills after 90 s.
        Assert.Equal(0, await panel.EndAsync(TimeSpan.FromSeconds(80)));
    }
}
