using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Npgsql;
using Panel.Services.Data;
using Panel.Tests.Data;

namespace Panel.Tests.Newsletters;

/// <summary>F17: the real program is killed with SIGKILL while it imports. PANEL_FAULTS_IMPORT_PEOPLE and PANEL_FAULTS_IMPORT_KILLS make it a long run.</summary>
public class ImportCrashTests
{
    private static readonly int People = CrashRun.Number("PANEL_FAULTS_IMPORT_PEOPLE", 60_000);
    private static readonly int Kills = CrashRun.Number("PANEL_FAULTS_IMPORT_KILLS", 1);

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F17_killed_in_the_middle_it_goes_on_where_it_was_and_nobody_is_lost_or_twice(string provider)
    {
        using var folder = new TempFolder();
        var database = provider == DatabaseOptions.Postgres ? PostgresServer.NewDatabase() : null;
        await using var panel = new CrashedPanel(folder, CrashRun.Settings(database, FreePort.Take(), 1));
        await panel.StartAsync();
        await panel.CallAsync(HttpMethod.Post, "/members", new { handle = "ann", email = "ann@example.org" });
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <letters@annart.example>" });
        await using DbConnection look = database is null ? new SqliteConnection($"Data Source={folder.In("panel.db")};Pooling=False") : new NpgsqlConnection(database);
        await look.OpenAsync();

        var asking = AskAsync(panel);
        var (kills, killedAt) = (0, 0L);
        while (await StateAsync(look, killedAt) is not "Done")
        {
            Assert.True(kills < Kills, "It stopped without a kill.");
            killedAt = await PositionAsync(look);
            Assert.True(panel.Kill());
            await panel.WaitUntilDeadAsync();
            kills++;
            await File.AppendAllTextAsync(Directory.GetFiles(folder.In("imports"), "*.errors.csv").Single(), "half a li");
            await panel.StartAsync();
            killedAt = kills < Kills ? killedAt : long.MaxValue;
        }

        await asking;
        var bad = (People + 992) / 1_000;
        Assert.Equal(Kills, kills);
        Assert.Equal((People, People - bad, bad, 0L), await CountsAsync(look));
        Assert.Equal(People - bad, Convert.ToInt64(await ReadAsync(look, "SELECT COUNT(*) FROM subscribers"), CultureInfo.InvariantCulture));
        var errors = await File.ReadAllLinesAsync(Directory.GetFiles(folder.In("imports"), "*.errors.csv").Single());
        Assert.Equal(bad + 1, errors.Length);
        Assert.DoesNotContain(errors, l => l.Contains("half a li", StringComparison.Ordinal));
        Assert.False(File.Exists(folder.In("imports", "1.csv")));
    }

    private static async Task AskAsync(CrashedPanel panel)
    {
        var csv = new StringBuilder("email\n");
        for (var n = 0; n < People; n++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{(n % 1_000 == 7 ? "bad row" : $"p{n}@example.net")}\n");
        }

        using var file = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        try
        {
            await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/subscribers/import?consent=signed%20the%20paper%20list%20in%20May", file);
        }
        catch (Exception killed) when (killed is HttpRequestException or IOException)
        {
            // Whoever asked was cut off; what was taken in goes on.
        }
    }

    /// <summary>Returns once the import has come further than <paramref name="after"/>, or is over.</summary>
    private static async Task<string?> StateAsync(DbConnection look, long after)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var deadline = DateTime.UtcNow.AddSeconds(120);
        while (true)
        {
            var state = (string?)await ReadAsync(look, "SELECT MAX(state) FROM imports");
            if (state is not (null or "Running" or "Cancelled") || (state == "Running" && await PositionAsync(look) > after))
            {
                return state;
            }

            Assert.True(DateTime.UtcNow < deadline, $"It did not go on: {state}");
            await looks.WaitForNextTickAsync();
        }
    }

    private static async Task<long> PositionAsync(DbConnection look) =>
        Convert.ToInt64(await ReadAsync(look, "SELECT MAX(position) FROM imports"), CultureInfo.InvariantCulture);

    private static async Task<(long, long, long, long)> CountsAsync(DbConnection look)
    {
        await using var command = look.CreateCommand();
        command.CommandText = "SELECT position, added, refused, known FROM imports";
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }

    private static async Task<object?> ReadAsync(DbConnection look, string sql)
    {
        await using var command = look.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync() is var found and not DBNull ? found : null;
    }
}
