using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Panel.Bench.Mail;

/// <summary>The row "import of 1,000,000 from CSV": a file sent to the program as it runs, from its first byte to the answer (kept,
/// parsed, checked, hashed against suppressions, deduplicated), against a prepared insert of the same values into a table with the
/// same columns and unique address, in transactions of the same size. In turns; every run has a house of its own.</summary>
internal static class ImportRow
{
    private const int People = 1_000_000, Runs = 3;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        List<double> ours = [], bare = [], ratios = [], memory = [];
        for (var run = 0; run < Runs; run++)
        {
            bare.Add(People / Bare().TotalSeconds);
            await using var house = await MailHouse.StartAsync(sink: 25, connections: 1);
            var before = house.Resident / 1e6;
            using var watch = new Watch(() => house.Resident);
            ours.Add(People / (await house.AddListAsync("letters", People)).TotalSeconds);
            memory.Add(watch.Megabytes);
            ratios.Add(ours[^1] / bare[^1]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {ours[^1]:N0}/s against {bare[^1]:N0}/s; {before:N0} MB before, {memory[^1]:N0} MB at most"));
        }

        var ratio = ratios.Order().ElementAt(Runs / 2);
        return [new Row("import of 1,000,000 from CSV (SQLite)", $"{ours.Order().ElementAt(Runs / 2):N0}/s", $"{bare.Order().ElementAt(Runs / 2):N0}/s prepared insert", ratio, ">= 0.35, <= 200 MB",
            ratio >= 0.35 && memory.Max() <= 200, string.Create(CultureInfo.InvariantCulture, $"whole process at most {memory.Max():N0} MB; ratios {ratios.Min():0.00} to {ratios.Max():0.00}"))];
    }

    private static TimeSpan Bare()
    {
        var folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
        try
        {
            using var sqlite = new SqliteConnection($"Data Source={Path.Combine(folder, "bare.db")};Pooling=False");
            sqlite.Open();
            using var create = sqlite.CreateCommand();
            create.CommandText = "PRAGMA journal_mode=WAL; CREATE TABLE bare (id integer PRIMARY KEY AUTOINCREMENT, list_id integer, email text, email_key text, domain text, name text, fields text, "
                + "state text, joined_at text, consent_at text, changed_at text, UNIQUE (list_id, email_key))";
            create.ExecuteNonQuery();
            using var insert = sqlite.CreateCommand();
            insert.CommandText = "INSERT INTO bare (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at) VALUES (1, @e, @e, @d, @n, '', 'Confirmed', @t, @t, @t)";
            var (email, domain, name, at) = (insert.Parameters.Add("@e", SqliteType.Text), insert.Parameters.Add("@d", SqliteType.Text), insert.Parameters.Add("@n", SqliteType.Text), insert.Parameters.Add("@t", SqliteType.Text));
            at.Value = "2026-11-22 12:00:00";
            var clock = Stopwatch.StartNew();
            for (var n = 0; n < People;)
            {
                using var transaction = sqlite.BeginTransaction();
                insert.Transaction = transaction;
                for (var end = Math.Min(People, n + 5_000); n < end; n++)
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
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
