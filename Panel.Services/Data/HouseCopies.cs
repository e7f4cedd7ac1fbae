using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Panel.Services.Audit;

namespace Panel.Services.Data;

/// <summary>A copy of Panel's own data: database and keys, as they were at one moment.</summary>
public sealed record HouseCopy(string Name, DateTime MadeAt, long Bytes);

/// <summary>Copies of Panel's own data in <c>Panel:Copies</c>, each a folder with the database and the keys; for admins. What brings one back is
/// <see cref="HouseRestore"/>, while Panel does not run.</summary>
public sealed class HouseCopies(PanelDb db, IOptions<PanelOptions> panel, IOptions<DatabaseOptions> database, AuditTrail audit, TimeProvider time)
{
    internal const string Stamp = "yyyyMMdd-HHmmss", SqliteName = "panel.db", PostgresName = "panel.sql", KeysName = "keys";

    private const int Kept = 14;

    private static readonly TimeSpan Night = TimeSpan.FromHours(20);

    public Outcome<IReadOnlyList<HouseCopy>> List(Actor by) => by.IsAdmin ? Outcome.Of<IReadOnlyList<HouseCopy>>(All()) : new NotAllowed("Only an admin sees the copies of the house.");

    /// <summary>Makes one now: whole, or not at all.</summary>
    public async Task<Outcome<HouseCopy>> MakeAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin copies the house.");
        }

        var name = time.GetUtcNow().ToString(Stamp, CultureInfo.InvariantCulture);
        var (place, beside) = (Path.Combine(Folder, name), Path.Combine(Folder, $".new-{name}"));
        if (Directory.Exists(place))
        {
            return new InTheWay("A copy was made this very second.");
        }

        if (Directory.Exists(beside))
        {
            Directory.Delete(beside, recursive: true);
        }

        foreach (var folder in new[] { Folder, beside, Path.Combine(beside, KeysName) })
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        foreach (var key in Directory.EnumerateFiles(panel.Value.PathOf("keys")))
        {
            File.Copy(key, Path.Combine(beside, KeysName, Path.GetFileName(key)));
        }

        if ((db.IsPostgres ? await DumpAsync(Path.Combine(beside, PostgresName), ct) : CopySqlite(Path.Combine(beside, SqliteName))) is { } wrong)
        {
            Directory.Delete(beside, recursive: true);
            return new InTheWay($"The copy was not made: {wrong}");
        }

        Directory.Move(beside, place);
        audit.Add(by, null, "house.copy", name);
        await db.SaveChangesAsync(ct);
        return Of(new DirectoryInfo(place))!;
    }

    /// <summary>Makes this night's copy unless there is one, and lets the oldest go. Safe to run twice or late.</summary>
    public async Task NightlyAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin || All().Any(c => time.GetUtcNow().UtcDateTime - c.MadeAt < Night))
        {
            return;
        }

        if ((await MakeAsync(by, ct)).Refused is { } no)
        {
            throw new IOException(no.Message);
        }

        foreach (var old in All().Skip(Kept))
        {
            Directory.Delete(Path.Combine(Folder, old.Name), recursive: true);
        }
    }

    private string Folder => panel.Value.CopiesPath;

    private List<HouseCopy> All() => !Directory.Exists(Folder) ? [] : [.. new DirectoryInfo(Folder).EnumerateDirectories().Select(Of).OfType<HouseCopy>().OrderByDescending(c => c.MadeAt)];

    private static HouseCopy? Of(DirectoryInfo folder) =>
        DateTime.TryParseExact(folder.Name, Stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            ? new HouseCopy(folder.Name, at, folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length)) : null;

    /// <summary>SQLite's own online copy: one moment, while people write.</summary>
    private string? CopySqlite(string to)
    {
        using var from = new SqliteConnection(db.Database.GetConnectionString());
        from.Open();
        using var copy = new SqliteConnection($"Data Source={to};Pooling=False");
        copy.Open();
        from.BackupDatabase(copy);
        using var look = copy.CreateCommand();
        look.CommandText = "PRAGMA quick_check";
        return look.ExecuteScalar() as string is { } said && said != "ok" ? said : null;
    }

    private Task<string?> DumpAsync(string to, CancellationToken ct) =>
        PostgresTools.RunAsync("pg_dump", new NpgsqlConnectionStringBuilder(database.Value.Connection), ["--no-owner", "--no-acl", "--file", to], ct);
}
