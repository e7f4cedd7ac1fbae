using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending;
using Panel.Tests.Data;

namespace Panel.Bench.Mail;

/// <summary>The row "freeze 1,000,000 recipients": the sender's own pages of 5,000, each durable, against one INSERT ... SELECT of
/// the same rows into the same table, in turns.</summary>
internal sealed class FreezeRow(int people, string? postgres)
{
    private const int Runs = 3;

    // PostgreSQL takes twenty times as long for either side; a page costs the same in a list of any length.
    public static async Task<IEnumerable<Row>> MeasureAsync() =>
        [await new FreezeRow(1_000_000, null).RowAsync("SQLite"), await new FreezeRow(200_000, PostgresServer.NewDatabase()).RowAsync("PostgreSQL")];

    private async Task<Row> RowAsync(string name)
    {
        var folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
        try
        {
            var database = postgres ?? $"Data Source={Path.Combine(folder, "panel.db")};Pooling=False";
            await PrepareAsync(folder);
            await using DbConnection plain = postgres is null ? new SqliteConnection(database) : new NpgsqlConnection(database);
            await plain.OpenAsync();
            Fill(plain);
            using LedgerStore store = postgres is null ? new SqliteLedgerStore(new SqliteConnection(database), "bench") : new PostgresLedgerStore(new NpgsqlConnection(database), "bench");
            List<double> ours = [], bare = [], ratios = [];
            for (var run = -1; run < Runs; run++)
            {
                var one = Bare(plain);
                var panel = Freeze(store, plain);
                if (run >= 0)
                {
                    ours.Add(panel);
                    bare.Add(one);
                    ratios.Add(panel / one);
                }
            }

            var ratio = Middle(ratios);
            return new Row($"freeze {people:N0} recipients ({name})", $"{Middle(ours):N0}/s", $"{Middle(bare):N0}/s one INSERT ... SELECT", ratio, ">= 0.5", ratio >= 0.5,
                string.Create(CultureInfo.InvariantCulture, $"pages of {LedgerStore.FreezePage:N0}, each durable; ratios {ratios.Min():0.00} to {ratios.Max():0.00}"));
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private double Freeze(LedgerStore store, DbConnection plain)
    {
        Clear(plain);
        Run(plain, "UPDATE issues SET frozen_at = NULL, frozen_through = 0");
        var clock = Stopwatch.StartNew();
        while (store.InTransaction(s => s.Freeze(1, DateTime.UtcNow)))
        {
            // Page by page, as the sender does it.
        }

        var took = clock.Elapsed.TotalSeconds;
        return Count(plain) == people ? people / took : throw new InvalidOperationException($"The freeze has {Count(plain)} of {people}.");
    }

    private double Bare(DbConnection plain)
    {
        Clear(plain);
        var clock = Stopwatch.StartNew();
        Run(plain, $"INSERT INTO deliveries (issue_id, subscriber_id, state, epoch, tries, at) SELECT 1, id, 'Queued', 0, 0, {Now} "
            + "FROM subscribers WHERE list_id = 1 AND state = 'Confirmed'");
        return people / clock.Elapsed.TotalSeconds;
    }

    private static void Clear(DbConnection plain)
    {
        Run(plain, "DELETE FROM deliveries");
        Run(plain, plain is SqliteConnection ? "PRAGMA wal_checkpoint(TRUNCATE)" : "VACUUM ANALYZE deliveries");
    }

    // A list as an import leaves it: everybody confirmed, in one go.
    private void Fill(DbConnection plain)
    {
        var numbers = postgres is not null ? $"generate_series(1, {people}) AS n (i)" : $"(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people}) SELECT i FROM n)";
        Run(plain, $"INSERT INTO issues (list_id, subject, markdown, state, created_at, changed_at, started_at, frozen_through, mails, tests) VALUES (1, 'x', 'x', 'Sending', {Now}, {Now}, {Now}, 0, 0, 0)");
        Run(plain, "INSERT INTO subscribers (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at) "
            + $"SELECT 1, 'person.' || i || '@d' || (i % 5000) || '.example', 'person.' || i || '@d' || (i % 5000) || '.example', 'd' || (i % 5000) || '.example', 'Person ' || i, '', 'Confirmed', {Now}, {Now}, {Now} FROM {numbers}");
        Run(plain, postgres is not null ? "VACUUM ANALYZE" : "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    private async Task PrepareAsync(string folder)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Panel:Data"] = folder });
        if (postgres is not null)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Database:Provider"] = DatabaseOptions.Postgres, ["Database:Connection"] = postgres });
        }

        builder.Services.AddData(builder.Configuration).AddMembers();
        builder.Services.AddMail(builder.Configuration).AddNewsletters(builder.Configuration);
        using var host = builder.Build();
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync();
        await host.StartAsync();
        await scope.ServiceProvider.GetRequiredService<Members>().AddAsync(Actor.Operator(0), new NewMember("bench", "bench@example.org"), default);
        await scope.ServiceProvider.GetRequiredService<Lists>().AddAsync(Actor.Operator(0), "bench", new NewList("letters", "Letters", "Bench <letters@bench.example>"), default);
        await host.StopAsync();
    }

    private string Now => postgres is null ? "'2026-11-22 12:00:00'" : "now()";

    private static long Count(DbConnection plain)
    {
        using var command = plain.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM deliveries WHERE state = 'Queued'";
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static void Run(DbConnection plain, string sql)
    {
        using var command = plain.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.CommandTimeout = 0;
        command.ExecuteNonQuery();
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
