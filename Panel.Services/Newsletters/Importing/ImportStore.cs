using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Importing;

/// <summary>Whom an import works for.</summary>
internal sealed record ImportTarget(long ImportId, long ListId, long MemberId, string Node);

/// <param name="Hash">The keyed hash under which a suppression of this address would be kept.</param>
internal readonly record struct ImportedPerson(EmailAddress Address, string Key, string Hash, string Name, string Fields);

/// <summary>The statements of an import on a connection of its own: set-based on PostgreSQL, prepared on SQLite (measured in
/// infra/bench against a bare COPY and a bare prepared insert).</summary>
internal abstract class ImportStore(DbConnection connection) : IDisposable
{
    /// <summary>People per transaction: quick, and others get in between.</summary>
    public abstract int Chunk { get; }

    protected DbConnection Connection => connection;

    public static ImportStore Open(PanelDb db)
    {
        var text = db.Database.GetConnectionString()!;
        return db.IsPostgres ? new PostgresImportStore(new NpgsqlConnection(text)) : new SqliteImportStore(new SqliteConnection(text));
    }

    /// <summary>Adds who may be added and counts the rest; counts and people commit together. False: the import was cancelled or
    /// taken over, and nothing was changed.</summary>
    public abstract bool Add(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now);

    /// <summary>Counts what <see cref="Add"/> would do, and keeps the counts.</summary>
    public abstract bool Check(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now);

    public static string HashOf(byte[] key, string emailKey)
    {
        Span<byte> utf8 = stackalloc byte[1024];
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key, utf8[..Encoding.UTF8.GetBytes(emailKey, utf8)], mac);
        return Convert.ToHexStringLower(mac);
    }

    public virtual void Dispose()
    {
        connection.Dispose();
        GC.SuppressFinalize(this);
    }

    protected const string KeepSql =
        "UPDATE imports SET position = @position, added = @added, known = @known, kept = @kept, refused = @refused, reasons = @reasons, error_bytes = @errors, seen_at = @now " +
        "WHERE id = @import AND node = @node AND state IN ('Checking', 'Running')";

    protected bool Keep(ImportTarget target, ImportTally tally, DateTime now, DbTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = KeepSql;
        foreach (var (name, value) in new (string, object)[]
        {
            ("@position", tally.Position), ("@added", tally.Added), ("@known", tally.Known), ("@kept", tally.Kept), ("@refused", tally.Refused), ("@reasons", tally.ReasonsJson),
            ("@errors", tally.ErrorBytes), ("@now", now), ("@import", target.ImportId), ("@node", target.Node),
        })
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value);
            command.Parameters.Add(parameter);
        }

        return command.ExecuteNonQuery() == 1;
    }
}
