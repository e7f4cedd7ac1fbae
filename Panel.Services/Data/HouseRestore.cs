using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Panel.Services.Data;

/// <summary>Brings a copy of Panel's own data back while Panel does not run. What was there is put aside and not deleted. The restored database is
/// a new epoch: no host takes anything away, and no mail that it calls waiting goes out, until a person has looked (F10).</summary>
public static partial class HouseRestore
{
    public const string Words = "Panel's data was restored from a copy. It may have been sent already: look before it goes on.";

    /// <summary>Null when it is done, else why nothing was changed.</summary>
    public static async Task<string?> RunAsync(PanelOptions panel, DatabaseOptions database, string name, DateTimeOffset now, CancellationToken ct)
    {
        var copy = Path.Combine(panel.CopiesPath, name);
        if (!Name().IsMatch(name) || !Directory.Exists(copy))
        {
            return $"There is no copy {name} in {panel.CopiesPath}. Its name looks like 20261122-031700.";
        }

        var master = new FileInfo(Path.Combine(copy, HouseCopies.KeysName, "master"));
        if (master is not { Exists: true, Length: 32 } || !File.Exists(Path.Combine(copy, database.IsPostgres ? HouseCopies.PostgresName : HouseCopies.SqliteName)))
        {
            return $"The copy {name} is not whole: it needs keys/master and {(database.IsPostgres ? HouseCopies.PostgresName : HouseCopies.SqliteName)}.";
        }

        if (IsRunning(panel))
        {
            return "Panel is running. Stop it first: infra/stop";
        }

        var aside = panel.PathOf($"before-restore-{now.ToString(HouseCopies.Stamp, CultureInfo.InvariantCulture)}");
        var wrong = database.IsPostgres ? await PostgresAsync(database, copy, ct) : await SqliteAsync(panel, database, copy, aside, ct);
        if (wrong is null)
        {
            Directory.CreateDirectory(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Directory.Move(panel.PathOf("keys"), Path.Combine(aside, "keys"));
            Directory.CreateDirectory(panel.PathOf("keys"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var key in Directory.EnumerateFiles(Path.Combine(copy, HouseCopies.KeysName)))
            {
                File.Copy(key, panel.PathOf("keys", Path.GetFileName(key)));
            }

            await OwnAsync(panel, ct);
        }

        return wrong;
    }

    private static async Task<string?> SqliteAsync(PanelOptions panel, DatabaseOptions database, string copy, string aside, CancellationToken ct)
    {
        var place = database.Connection.Length > 0 ? Path.GetFullPath(database.Connection) : panel.PathOf(HouseCopies.SqliteName);
        var fresh = $"{place}.restored";
        File.Copy(Path.Combine(copy, HouseCopies.SqliteName), fresh, overwrite: true);
        try
        {
            await using var connection = new SqliteConnection($"Data Source={fresh};Pooling=False");
            await connection.OpenAsync(ct);
            await using var look = connection.CreateCommand();
            look.CommandText = "PRAGMA integrity_check";
            if (await look.ExecuteScalarAsync(ct) as string is var said && said != "ok")
            {
                return $"The copy is damaged: {said}";
            }

            await HoldAsync(connection, ct);
        }
        catch (SqliteException damaged)
        {
            return $"The copy is damaged: {damaged.Message}";
        }

        Directory.CreateDirectory(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var part in new[] { place, $"{place}-wal", $"{place}-shm" }.Where(File.Exists))
        {
            File.Move(part, Path.Combine(aside, Path.GetFileName(part)));
        }

        File.Move(fresh, place);
        return null;
    }

    private static async Task<string?> PostgresAsync(DatabaseOptions database, string copy, CancellationToken ct)
    {
        var at = new NpgsqlConnectionStringBuilder(database.Connection);
        // All of it in one transaction: an error leaves what was there.
        if (await PostgresTools.RunAsync("psql", at, ["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public", "-f", Path.Combine(copy, HouseCopies.PostgresName)], ct) is { } wrong)
        {
            return wrong;
        }

        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync(ct);
        await HoldAsync(connection, ct);
        return null;
    }

    private static async Task HoldAsync(DbConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        foreach (var sql in new[]
        {
            "UPDATE house_settings SET value = @fresh WHERE name = 'epoch'",
            "UPDATE issues SET state = 'Paused', note = @words WHERE state = 'Sending'",
            "UPDATE issues SET state = 'Asking', note = @words WHERE state IN ('Scheduled', 'Held')",
        })
        {
            await using var command = connection.CreateCommand();
            (command.CommandText, command.Transaction) = (sql, transaction);
            foreach (var (key, value) in new[] { ("@fresh", Guid.NewGuid().ToString("N")), ("@words", Words) }.Where(p => sql.Contains(p.Item1, StringComparison.Ordinal)))
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (key, value);
                command.Parameters.Add(parameter);
            }

            await command.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
    }

    private static bool IsRunning(PanelOptions panel)
    {
        try
        {
            var run = new DirectoryInfo(panel.PathOf("run"));
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(run.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? run.FullName, "panel.sock")));
            return true;
        }
        catch (Exception no) when (no is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>Root restores, and the data stays its owner's.</summary>
    private static async Task OwnAsync(PanelOptions panel, CancellationToken ct)
    {
        if (Environment.IsPrivilegedProcess)
        {
            using var own = Process.Start("chown", ["-R", "-h", $"--reference={panel.PathOf()}", "--", panel.PathOf("keys"), .. Directory.EnumerateFiles(panel.PathOf(), "panel.db*"), .. Directory.EnumerateDirectories(panel.PathOf(), "before-restore-*")]);
            await own.WaitForExitAsync(ct);
        }
    }

    [GeneratedRegex(@"\A[0-9]{8}-[0-9]{6}\z")]
    private static partial Regex Name();
}
