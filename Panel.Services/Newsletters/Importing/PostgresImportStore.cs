using Npgsql;
using NpgsqlTypes;

namespace Panel.Services.Newsletters.Importing;

/// <summary>A chunk goes by COPY into a table of its own and from there in two statements to where it belongs.</summary>
internal sealed class PostgresImportStore : ImportStore
{
    private const string StaySql =
        "SELECT COALESCE(b.reason, lower(s.state)) AS why, count(*) FROM import_rows r " +
        "LEFT JOIN subscribers s ON s.list_id = @list AND s.email_key = r.email_key " +
        "LEFT JOIN LATERAL (SELECT x.reason FROM suppressions x WHERE x.email_hash = r.hash AND x.member_id = @member AND (x.list_id IS NULL OR x.list_id = @list) LIMIT 1) b ON true " +
        "WHERE s.id IS NOT NULL OR b.reason IS NOT NULL GROUP BY 1";

    private const string InsertSql =
        "INSERT INTO subscribers (list_id, email, email_key, domain, name, fields, state, joined_at, consent_at, changed_at, import_id) " +
        "SELECT @list, r.email, r.email_key, r.domain, r.name, r.fields, 'Confirmed', @now, @now, @now, @import FROM import_rows r " +
        "WHERE NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.email_hash = r.hash AND x.member_id = @member AND (x.list_id IS NULL OR x.list_id = @list)) " +
        "ON CONFLICT (list_id, email_key) DO NOTHING";

    private readonly NpgsqlConnection postgres;

    public PostgresImportStore(NpgsqlConnection connection)
        : base(connection)
    {
        postgres = connection;
        connection.Open();
        Execute("CREATE TEMP TABLE IF NOT EXISTS import_rows (email text, email_key text, domain text, name text, fields text, hash text)");
    }

    public override int Chunk => 20_000;

    public override bool Add(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now)
    {
        using var transaction = postgres.BeginTransaction();
        Copy(people);
        Count(target, tally);
        using (var insert = new NpgsqlCommand(InsertSql, postgres))
        {
            insert.Parameters.AddWithValue("list", target.ListId);
            insert.Parameters.AddWithValue("member", target.MemberId);
            insert.Parameters.AddWithValue("import", target.ImportId);
            insert.Parameters.AddWithValue("now", now);
            tally.Added += insert.ExecuteNonQuery();
        }

        if (!Keep(target, tally, now, transaction))
        {
            return false;
        }

        transaction.Commit();
        return true;
    }

    public override bool Check(ImportTarget target, IReadOnlyList<ImportedPerson> people, ImportTally tally, DateTime now)
    {
        using var transaction = postgres.BeginTransaction();
        Copy(people);
        tally.Added += people.Count - Count(target, tally);
        if (!Keep(target, tally, now, transaction))
        {
            return false;
        }

        transaction.Commit();
        return true;
    }

    private long Count(ImportTarget target, ImportTally tally)
    {
        using var command = new NpgsqlCommand(StaySql, postgres);
        command.Parameters.AddWithValue("list", target.ListId);
        command.Parameters.AddWithValue("member", target.MemberId);
        using var reader = command.ExecuteReader();
        var all = 0L;
        while (reader.Read())
        {
            tally.Stay(reader.GetString(0), reader.GetInt64(1));
            all += reader.GetInt64(1);
        }

        return all;
    }

    private void Copy(IReadOnlyList<ImportedPerson> people)
    {
        Execute("TRUNCATE import_rows");
        using (var copy = postgres.BeginBinaryImport("COPY import_rows (email, email_key, domain, name, fields, hash) FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var person in people)
            {
                copy.StartRow();
                copy.Write(person.Address.Typed, NpgsqlDbType.Text);
                copy.Write(person.Key, NpgsqlDbType.Text);
                copy.Write(person.Address.Domain, NpgsqlDbType.Text);
                copy.Write(person.Name, NpgsqlDbType.Text);
                copy.Write(person.Fields, NpgsqlDbType.Text);
                copy.Write(person.Hash, NpgsqlDbType.Text);
            }

            copy.Complete();
        }

        // Without figures the planner takes the table for empty.
        Execute("ANALYZE import_rows");
    }

    private void Execute(string sql)
    {
        using var command = postgres.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
