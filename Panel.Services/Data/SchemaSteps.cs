using System.Data.Common;
using System.Globalization;
using System.Reflection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Panel.Services.Data;

/// <summary>Brings the database to the schema of this program: numbered SQL files, each applied once, in order, in a
/// transaction of its own (all in one where the database is empty), under a lock that keeps other nodes waiting. Safe to run at every start.</summary>
public sealed partial class SchemaSteps(PanelDb db, HouseKeys keys, IOptions<PanelOptions> options, TimeProvider time, ILogger<SchemaSteps> log)
{
    // Any constant number serves; it only has to be the same in every node of one house.
    private const long AdvisoryLock = 0x50414E454C;

    public async Task ApplyAsync(CancellationToken ct = default)
    {
        using var fileLock = db.IsPostgres ? null : await LockFileAsync(ct);
        var connection = db.Database.GetDbConnection();
        await db.Database.OpenConnectionAsync(ct);
        try
        {
            await ExecuteAsync(connection, db.IsPostgres ? $"SELECT pg_advisory_lock({AdvisoryLock})" : "PRAGMA journal_mode=WAL", ct);
            await ExecuteAsync(connection, "CREATE TABLE IF NOT EXISTS schema_steps (name text PRIMARY KEY, applied_at text NOT NULL)", ct);
            await ApplyMissingAsync(connection, ct);
            await CheckHouseAsync(ct);
        }
        finally
        {
            if (db.IsPostgres)
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({AdvisoryLock})", CancellationToken.None);
            }

            await db.Database.CloseConnectionAsync();
        }
    }

    /// <summary>The steps of one provider in order: name and SQL text.</summary>
    public static IReadOnlyList<(string Name, string Sql)> For(bool postgres)
    {
        var folder = postgres ? "schema/postgres/" : "schema/sqlite/";
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(folder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(n => (n[folder.Length..^".sql".Length], Read(assembly, n)))];
    }

    private async Task ApplyMissingAsync(DbConnection connection, CancellationToken ct)
    {
        var applied = await db.Database.SqlQueryRaw<string>("SELECT name AS \"Value\" FROM schema_steps").ToListAsync(ct);
        var steps = For(db.IsPostgres);
        if (applied.Except(steps.Select(s => s.Name)).Order(StringComparer.Ordinal).FirstOrDefault() is { } newer)
        {
            throw new InvalidOperationException(
                $"This database was brought on by a newer Panel: this one does not know its step {newer}. Start that version, or bring back a copy that was made before it: panel house restore NAME.");
        }

        var missing = steps.Where(step => !applied.Contains(step.Name)).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        if (applied.Count > 0 && connection is SqliteConnection sqlite)
        {
            KeepCopy(sqlite);
        }

        foreach (var together in applied.Count == 0 ? [[.. missing]] : missing.Chunk(1))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var now = time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
            foreach (var (name, sql) in together)
            {
                await ExecuteAsync(connection, sql, ct);
                await db.Database.ExecuteSqlAsync($"INSERT INTO schema_steps (name, applied_at) VALUES ({name}, {now})", ct);
                Applied(log, name);
            }

            await transaction.CommitAsync(ct);
        }
    }

    private async Task CheckHouseAsync(CancellationToken ct)
    {
        var settings = db.Set<HouseSetting>();
        var known = await settings.FindAsync([HouseSetting.KeyFingerprint], ct);
        if (known is null)
        {
            settings.Add(new HouseSetting { Name = HouseSetting.KeyFingerprint, Value = keys.Fingerprint });
            settings.Add(new HouseSetting { Name = HouseSetting.Epoch, Value = Guid.NewGuid().ToString("N") });
            await db.SaveChangesAsync(ct);
        }
        else if (known.Value != keys.Fingerprint)
        {
            throw new InvalidOperationException(
                $"{options.Value.PathOf("keys", "master")} is not the key this database was made with. Put the key of the same backup beside it.");
        }
    }

    private void KeepCopy(SqliteConnection from)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        using var copy = new SqliteConnection($"Data Source={from.DataSource}.before-{stamp};Pooling=False");
        from.BackupDatabase(copy);
    }

    private async Task<FileStream> LockFileAsync(CancellationToken ct)
    {
        var path = options.Value.PathOf("panel.db.lock");
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < 600)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct);
            }
        }
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text comes from this assembly's own resources.
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    [LoggerMessage(LogLevel.Information, "Schema step {Name} applied")]
    private static partial void Applied(ILogger log, string name);
}
