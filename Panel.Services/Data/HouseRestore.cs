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
        if (!Name().IsMatch(name) || !Directory.Exists(Path.Combine(panel.CopiesPath, name)))
        {
            return $"There is no copy {name} in {panel.CopiesPath}. Its name looks like 20261122-031700.";
        }

        if (IsRunning(panel))
        {
            return "Panel is running. Stop it first: infra/stop";
        }

        try
        {
            using var copy = new CopyFolder(panel.CopiesPath, name, panel.PathOf());
            return await BringAsync(panel, database, copy, name, now, ct);
        }
        catch (CopyRefusedException no)
        {
            return no.Message;
        }
        catch (Exception no) when (no is IOException or UnauthorizedAccessException)
        {
            return $"Nothing was changed: {no.Message}";
        }
        finally
        {
            foreach (var left in new[] { "", "-wal", "-shm", "-journal" }.Select(e => $"{PlaceOf(panel, database)}.restored{e}").Where(File.Exists))
            {
                File.Delete(left);
            }
        }
    }

    private static async Task<string?> BringAsync(PanelOptions panel, DatabaseOptions database, CopyFolder copy, string name, DateTimeOffset now, CancellationToken ct)
    {
        var file = database.IsPostgres ? HouseCopies.PostgresName : HouseCopies.SqliteName;
        using var key = copy.Open($"{HouseCopies.KeysName}/{HouseKeys.Master}");
        await using var data = copy.Open(file);
        if (key is not { Length: 32 } || data is null)
        {
            return $"The copy {name} is not whole: it needs keys/master and {file}.";
        }

        var master = new byte[32];
        key.ReadExactly(master);
        var own = new FileInfo(panel.PathOf("keys", HouseKeys.Master));
        if (own.Exists && !(await File.ReadAllBytesAsync(own.FullName, ct)).SequenceEqual(master))
        {
            return $"The copy {name} is of another house: its keys/master is not the one in {own.DirectoryName}. To bring that house back on this machine, give it an empty data directory (Panel__Data) with the copy in {Path.GetFileName(panel.CopiesPath)}.";
        }

        var aside = panel.PathOf($"before-restore-{now.ToString(HouseCopies.Stamp, CultureInfo.InvariantCulture)}");
        if ((database.IsPostgres ? await PostgresAsync(database, copy, data, master, ct) : await SqliteAsync(panel, database, data, master, aside, ct)) is { } wrong)
        {
            return wrong;
        }

        MakePrivate(aside);
        if (own.Exists)
        {
            MakePrivate(Path.Combine(aside, HouseCopies.KeysName));
            own.CopyTo(Path.Combine(aside, HouseCopies.KeysName, HouseKeys.Master));
        }
        else
        {
            MakePrivate(own.DirectoryName!);
            HouseKeys.Write(own.FullName, master);
        }

        await OwnAsync(panel, ct);
        return null;
    }

    private static async Task<string?> SqliteAsync(PanelOptions panel, DatabaseOptions database, FileStream data, byte[] master, string aside, CancellationToken ct)
    {
        var place = PlaceOf(panel, database);
        var fresh = $"{place}.restored";
        if (CopyDatabase.Torn(data, new DriveInfo(Path.GetDirectoryName(place)!).AvailableFreeSpace) is { } torn)
        {
            return torn;
        }

        // A link that lies there is removed and never written through.
        File.Delete(fresh);
        await using (var to = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            await data.CopyToAsync(to, ct);
            to.Flush(flushToDisk: true);
        }

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

            if ((await CopyDatabase.ReadAsync(connection, ct)).Wrong(postgres: false, master) is { } wrong)
            {
                return wrong;
            }

            await HoldAsync(connection, ct);
        }
        catch (SqliteException damaged)
        {
            return $"The copy is damaged: {damaged.Message}";
        }

        MakePrivate(aside);
        foreach (var part in new[] { place, $"{place}-wal", $"{place}-shm" }.Where(File.Exists))
        {
            File.Move(part, Path.Combine(aside, Path.GetFileName(part)));
        }

        File.Move(fresh, place);
        return null;
    }

    private static async Task<string?> PostgresAsync(DatabaseOptions database, CopyFolder copy, FileStream data, byte[] master, CancellationToken ct)
    {
        if (CopyDatabase.ReadDump(data).Wrong(postgres: true, master) is { } no)
        {
            return no;
        }

        // All of it in one transaction: an error leaves what was there. The script is psql's to read, and psql runs programs when a script says so:
        // it has the rights of whoever could have written the script, never more.
        var at = new NpgsqlConnectionStringBuilder(database.Connection);
        if (await PostgresTools.RunAsync(
            "psql", at, ["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-c", "DROP SCHEMA public CASCADE", "-c", "CREATE SCHEMA public", "-f", "-"], ct, data,
            Environment.IsPrivilegedProcess && copy.User != 0 ? (copy.User, copy.Group) : null) is { } wrong)
        {
            return wrong;
        }

        await using var connection = new NpgsqlConnection(database.Connection);
        await connection.OpenAsync(ct);
        await HoldAsync(connection, ct);
        return null;
    }

    private static string PlaceOf(PanelOptions panel, DatabaseOptions database) =>
        database is { IsPostgres: false, Connection.Length: > 0 } ? Path.GetFullPath(database.Connection) : panel.PathOf(HouseCopies.SqliteName);

    private static void MakePrivate(string folder) => Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

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
