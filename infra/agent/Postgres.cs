using System.Globalization;

namespace Panel.Agent;

/// <summary>PostgreSQL: root comes in as postgres by the peer's uid, members by SCRAM and into their own database only.</summary>
internal sealed class Postgres(Layout layout) : DatabaseServer(layout, "postgres", Identity.PostgresId, $"{Programs}/postgres", c => ["-c", $"config_file={c}"])
{
    private static readonly string Programs =
        (Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").OrderByDescending(d => double.Parse(Path.GetFileName(d), CultureInfo.InvariantCulture)).FirstOrDefault() : null) + "/bin";

    private Dictionary<string, string> numbers = [];

    protected override IReadOnlyList<string> Client => ["/usr/bin/psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", Sockets, "-U", "postgres", "-d", "postgres"];

    public override IReadOnlyDictionary<string, Access> Found() =>
        Ask("""
            SELECT datname, rolpassword, rolcanlogin, EXISTS (SELECT FROM pg_db_role_setting WHERE setrole = pg_authid.oid AND 'default_transaction_read_only=on' = ANY (setconfig))
            FROM pg_database JOIN pg_authid ON rolname = datname WHERE NOT datistemplate AND rolname <> 'postgres';
            """).ToDictionary(r => r[0], r => new Access(r[1], r[2] != "t", r[3] == "t"));

    // Connected to "postgres" only: nothing that a member wrote is ever run by its superuser.
    public override void Put(string database, Access access) => Run($"""
        SELECT 'CREATE ROLE "{database}" NOLOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{database}') \gexec
        ALTER ROLE "{database}" {(access.Locked ? "NOLOGIN" : "LOGIN")} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 30 PASSWORD '{access.Verifier}';
        SELECT 'CREATE DATABASE "{database}" OWNER "{database}"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \gexec
        REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
        ALTER ROLE "{database}" {(access.ReadOnly ? "SET default_transaction_read_only = on" : "RESET default_transaction_read_only")};
        {(access.Locked || access.ReadOnly ? Disconnect(database) : "")}
        """);

    public override void Drop(string database) => Run($"""
        SELECT 'ALTER ROLE "{database}" NOLOGIN' WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = '{database}') \gexec
        DROP DATABASE IF EXISTS "{database}" WITH (FORCE);
        DROP ROLE IF EXISTS "{database}";
        """);

    public override IReadOnlyDictionary<string, long> Sizes()
    {
        var found = Ask("SELECT datname, pg_database_size(oid), oid FROM pg_database;").ToList();
        numbers = found.ToDictionary(r => r[0], r => r[2], StringComparer.Ordinal);
        return found.ToDictionary(r => r[0], r => long.Parse(r[1], CultureInfo.InvariantCulture));
    }

    protected override string? PlaceOf(string database) => numbers.GetValueOrDefault(database) is { } number ? $"{Data}/base/{number}" : null;

    public override string Lend(string database, Access access, string password)
    {
        var user = $"lent-{Guid.NewGuid():n}";
        Run($"""CREATE ROLE "{user}" LOGIN PASSWORD '{password}' IN ROLE "{database}" VALID UNTIL '{DateTime.UtcNow.AddDays(1):yyyy-MM-dd}'; ALTER ROLE "{user}" SET role = '{database}';""");
        return user;
    }

    public override void TakeBack(string database, Access access, string user) => Run($"""DROP ROLE IF EXISTS "{user}";""");

    public override (IReadOnlyList<string> Command, string Variable) Tool(bool dump, string database, string user) => (dump
        ? ["/usr/bin/pg_dump", "-w", "-h", Sockets, "-U", user, "-d", database, "--no-owner", "--no-acl", "--clean", "--if-exists", $"--role={database}"]
        : ["/usr/bin/psql", "-X", "-q", "-w", "-1", "-h", Sockets, "-U", user, "-d", database, "-v", "ON_ERROR_STOP=1"], "PGPASSWORD");

    public override string Count => """
        \pset format unaligned
        \pset tuples_only on
        \pset fieldsep '\t'
        SELECT format('%I.%I', schemaname, tablename), (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM %I.%I', schemaname, tablename), false, true, '')))[1]
        FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1;
        """;

    protected override void Settle() => Run("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;");

    protected override IReadOnlyList<string> Make(string directory) =>
        [$"{Programs}/initdb", "-D", directory, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "reject"];

    protected override string Configuration()
    {
        Files.PutIfChanged($"{Layout.Root}/postgres/hba.conf", "local all postgres peer map=panel\nlocal samerole all scram-sha-256\n");
        Files.PutIfChanged($"{Layout.Root}/postgres/ident.conf", "panel root postgres\n");
        return $"""
            # Written by Panel's agent. Changes are undone by its next full pass.
            data_directory = '{Data}'
            hba_file = '{Layout.Root}/postgres/hba.conf'
            ident_file = '{Layout.Root}/postgres/ident.conf'
            external_pid_file = '{Sockets}/pid'
            unix_socket_directories = '{Sockets}'
            listen_addresses = ''
            max_connections = 300
            shared_buffers = 64MB
            logging_collector = on
            log_truncate_on_rotation = on
            log_filename = 'postgresql-%a.log'

            """;
    }

    private static string Disconnect(string database) => $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{database}';";
}
