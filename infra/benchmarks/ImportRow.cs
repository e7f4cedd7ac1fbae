using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;

namespace Panel.Bench;

/// <summary>Rows per second of one run.</summary>
/// <param name="Panel">A CSV from its first byte to the last commit: parsed, checked, hashed against suppressions, deduplicated.</param>
/// <param name="Bare">A prepared insert of the same values into a table with the same columns and unique address, in transactions of the same size.</param>
internal sealed record ImportFigures(double Panel, double Bare, double MegabytesAtMost, double Freeze, double BareFreeze);

/// <summary>The rows "import of 1,000,000 from CSV" and "freeze 1,000,000 recipients" of speed.md, on SQLite.</summary>
internal static class ImportRow
{
    public static async Task<IReadOnlyList<ImportFigures>> MeasureAsync(int people = 1_000_000, int runs = 3)
    {
        var figures = new List<ImportFigures>();
        for (var run = 0; run < runs; run++)
        {
            await using var house = await ImportHouse.StartAsync(people);
            var bare = house.Bare(people);
            var (panel, memory) = await house.ImportAsync(people);
            figures.Add(new ImportFigures(people / panel.TotalSeconds, people / bare.TotalSeconds, memory, people / house.Freeze().TotalSeconds, people / house.BareFreeze().TotalSeconds));
        }

        return figures;
    }

    private sealed class ImportHouse(IHost host, string folder) : IAsyncDisposable
    {
        private string Csv => Path.Combine(folder, "people.csv");

        public static async Task<ImportHouse> StartAsync(int people)
        {
            var folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Panel:Data"] = folder });
            builder.Services.AddData(builder.Configuration).AddMembers();
            builder.Services.AddMail(builder.Configuration).AddNewsletters(builder.Configuration);
            var house = new ImportHouse(builder.Build(), folder);
            await using (var scope = house.Scope())
            {
                await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync();
            }

            // A house that runs: its keys are made at the start, not inside the first transaction that needs one.
            await house.BeginAsync();
            await house.WithAsync<Members, MemberAdded>(m => m.AddAsync(Actor.Operator(0), new NewMember("bench", "bench@example.org"), default));
            await house.WithAsync<Lists, ListPage>(l => l.AddAsync(Actor.Operator(0), "bench", new NewList("letters", "Letters", "Bench <letters@bench.example>"), default));
            await using var file = new StreamWriter(house.Csv, false, new UTF8Encoding(false));
            await file.WriteLineAsync("email,name");
            for (var n = 0; n < people; n++)
            {
                await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"person.{n}@d{n % 5_000}.example,Person {n}"));
            }

            return house;
        }

        public TimeSpan Bare(int people)
        {
            using var sqlite = Open("bare.db");
            Run(sqlite, "PRAGMA journal_mode=WAL; CREATE TABLE bare (id integer PRIMARY KEY AUTOINCREMENT, list_id integer, email text, email_key text, domain text, name text, fields text, "
                + "state text, joined_at text, consent_at text, changed_at text, UNIQUE (list_id, email_key))");
            using var insert = sqlite.CreateCommand();
            insert.CommandText = "INSERT INTO bare (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at) VALUES (1, @e, @e, @d, @n, '', 'Confirmed', @t, @t, @t)";
            var (email, domain, name, at) = (insert.Parameters.Add("@e", SqliteType.Text), insert.Parameters.Add("@d", SqliteType.Text), insert.Parameters.Add("@n", SqliteType.Text), insert.Parameters.Add("@t", SqliteType.Text));
            at.Value = "2026-11-22 12:00:00";
            var clock = Stopwatch.StartNew();
            for (var n = 0; n < people;)
            {
                using var transaction = sqlite.BeginTransaction();
                insert.Transaction = transaction;
                for (var end = Math.Min(people, n + 5_000); n < end; n++)
                {
                    email.Value = string.Create(CultureInfo.InvariantCulture, $"person.{n}@d{n % 5_000}.example");
                    domain.Value = string.Create(CultureInfo.InvariantCulture, $"d{n % 5_000}.example");
                    name.Value = string.Create(CultureInfo.InvariantCulture, $"Person {n}");
                    insert.ExecuteNonQuery();
                }

                transaction.Commit();
            }

            return clock.Elapsed;
        }

        public async Task<(TimeSpan Took, double Megabytes)> ImportAsync(int people)
        {
            var most = 0L;
            using var watch = new Timer(_ => most = Math.Max(most, Environment.WorkingSet), null, 0, 50);
            await using var csv = File.OpenRead(Csv);
            var clock = Stopwatch.StartNew();
            var report = await WithAsync<Subscribers, ImportReport>(s => s.ImportAsync(Actor.Operator(0), "bench", "letters", csv, "made for the benchmark", default));
            return report.Added == people && report.State == ImportState.Done ? (clock.Elapsed, most / 1e6) : throw new InvalidOperationException($"The import added {report.Added} of {people}.");
        }

        /// <summary>As the sender does it: pages of 5,000, each durable, so that others write in between.</summary>
        public TimeSpan Freeze()
        {
            using var sqlite = Open("panel.db");
            Run(sqlite, "INSERT INTO issues (list_id, subject, markdown, state, created_at, changed_at, started_at, frozen_through, mails, tests) VALUES (1, 'x', 'x', 'Sending', '', '', '', 0, 0, 0)");
            using var store = new Services.Newsletters.Sending.SqliteLedgerStore(new SqliteConnection($"Data Source={Path.Combine(folder, "panel.db")};Pooling=False"), "bench");
            var clock = Stopwatch.StartNew();
            while (store.InTransaction(s => s.Freeze(1, DateTime.UtcNow)))
            {
                // Page by page.
            }

            return clock.Elapsed;
        }

        public TimeSpan BareFreeze()
        {
            using var sqlite = Open("panel.db");
            Run(sqlite, "DELETE FROM deliveries");
            var clock = Stopwatch.StartNew();
            Run(sqlite, "INSERT INTO deliveries (issue_id, subscriber_id, state, epoch, tries, at) SELECT 1, id, 'Queued', 0, 0, '2026-11-22 12:00:00' FROM subscribers WHERE list_id = 1 AND state = 'Confirmed'");
            return clock.Elapsed;
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }

        private Task BeginAsync() => host.StartAsync();

        private AsyncServiceScope Scope() => host.Services.CreateAsyncScope();

        private SqliteConnection Open(string file)
        {
            var sqlite = new SqliteConnection($"Data Source={Path.Combine(folder, file)};Pooling=False");
            sqlite.Open();
            return sqlite;
        }

        private static void Run(SqliteConnection sqlite, string sql)
        {
            using var command = sqlite.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
            command.CommandText = sql;
#pragma warning restore CA2100
            command.CommandTimeout = 0;
            command.ExecuteNonQuery();
        }

        private async Task<T> WithAsync<TDoor, T>(Func<TDoor, Task<Outcome<T>>> act)
            where TDoor : notnull
        {
            await using var scope = Scope();
            var outcome = await act(scope.ServiceProvider.GetRequiredService<TDoor>());
            return outcome.Succeeded ? outcome.Value : throw new InvalidOperationException(outcome.Refused.Message);
        }
    }
}
