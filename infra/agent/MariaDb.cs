using System.Globalization;

namespace Panel.Agent;

/// <summary>MariaDB: root comes in by the peer's uid, members by mysql_native_password, which is what PHP speaks.</summary>
internal sealed class MariaDb(Layout layout) : DatabaseServer(layout, "mariadb", Identity.MariaDbId, "/usr/sbin/mariadbd", c => [$"--defaults-file={c}"])
{
    /// <summary>What a dump needs, and what makes room. A connection keeps its old rights to the database it is in, so it is ended.</summary>
    private const string Reading = "SELECT, DELETE, DROP, SHOW VIEW, TRIGGER, EVENT, EXECUTE, LOCK TABLES";

    protected override IReadOnlyList<string> Client => ["/usr/bin/mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb.sock", "-u", "root", "-N", "-B"];

    // Where a second way in was taken back an empty first one stays in auth_or.
    public override IReadOnlyDictionary<string, Access> Found() => Ask("""
        SELECT User, JSON_VALUE(Priv, '$.authentication_string'), COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0), COALESCE(JSON_LENGTH(Priv, '$.auth_or'), 0) > 1,
        (SELECT MAX(Insert_priv) FROM mysql.db WHERE db.User = global_priv.User AND db.Host = 'localhost')
        FROM mysql.global_priv JOIN information_schema.schemata ON schema_name = User WHERE Host = 'localhost';
        """).Where(r => r is [_, _, _, _, _]).ToDictionary(r => r[0], r => new Access(r[3] == "1" ? "" : r[1], r[2] is "1" or "true", r[4] == "N"));

    // An underscore in a grant is a wildcard: ann_shop would open annxshop (MariaDB, GRANT, "Database Privileges").
    public override void Put(string database, Access access) => Run($"""
        CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4;
        CREATE USER IF NOT EXISTS '{database}'@'localhost' IDENTIFIED VIA mysql_native_password USING '{access.Verifier}';
        ALTER USER '{database}'@'localhost' IDENTIFIED VIA mysql_native_password USING '{access.Verifier}' WITH MAX_USER_CONNECTIONS 30 ACCOUNT {(access.Locked ? "LOCK" : "UNLOCK")};
        REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{database}'@'localhost';
        GRANT {(access.ReadOnly ? Reading : "ALL PRIVILEGES")} ON `{database.Replace("_", "\\_", StringComparison.Ordinal)}`.* TO '{database}'@'localhost';
        {(access.Locked || access.ReadOnly ? $"KILL HARD USER '{database}'@'localhost';" : "")}
        """);

    public override void Drop(string database) => Run($"""
        DROP USER IF EXISTS '{database}'@'localhost';
        KILL HARD USER '{database}'@'localhost';
        DROP DATABASE IF EXISTS `{database}`;
        """);

    /// <summary>What the files take; hyphens are written @002d in their names.</summary>
    public override IReadOnlyDictionary<string, long> Sizes() => Commands.Run("du", "-x", "-d1", "--block-size=1", Data)
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))
        .ToDictionary(l => Path.GetFileName(l[1]).Replace("@002d", "-", StringComparison.Ordinal), l => long.Parse(l[0], CultureInfo.InvariantCulture));

    protected override string? PlaceOf(string database) => $"{Data}/{database.Replace("-", "@002d", StringComparison.Ordinal)}";

    public override string Lend(string database, Access access, string password)
    {
        Run($"ALTER USER '{database}'@'localhost' IDENTIFIED VIA mysql_native_password USING {(access.Locked ? "" : $"'{access.Verifier}' OR mysql_native_password USING ")}PASSWORD('{password}') ACCOUNT UNLOCK;");
        return database;
    }

    /// <summary>Views and routines of a dump are its owner's, and nobody else may make such.</summary>
    public override string LendScratch(string database, string scratch, Access access, string password)
    {
        Put(scratch, access with { Locked = true });
        Lend(database, access, password);
        Run($"GRANT ALL PRIVILEGES ON `{scratch.Replace("_", "\\_", StringComparison.Ordinal)}`.* TO '{database}'@'localhost';");
        return database;
    }

    public override void TakeBack(string database, Access access, string user) => Put(database, access);

    public override (IReadOnlyList<string> Command, string Variable) Tool(bool dump, string database, string user) => (dump
        ? ["/usr/bin/mariadb-dump", "--no-defaults", "-S", $"{Sockets}/mariadb.sock", "-u", user, "--single-transaction", "--routines", "--no-tablespaces", database]
        : ["/usr/bin/mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb.sock", "-u", user, "--batch", database], "MYSQL_PWD");

    public override string Count => """
        SET SESSION group_concat_max_len = 4194304;
        SELECT COALESCE(GROUP_CONCAT('SELECT ', QUOTE(table_name), ', COUNT(*) FROM `', REPLACE(table_name, '`', '``'), '`' ORDER BY table_name SEPARATOR ' UNION ALL '), 'DO 0')
        FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' INTO @each;
        PREPARE each_table FROM @each;
        EXECUTE each_table;
        """;

    protected override IReadOnlyList<string> Make(string directory) =>
        ["/usr/bin/mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=socket", "--skip-test-db", $"--datadir={directory}"];

    protected override string Configuration() => $"""
        # Written by Panel's agent. Changes are undone by its next full pass.
        [mariadbd]
        datadir={Data}
        socket={Sockets}/mariadb.sock
        pid-file={Sockets}/pid
        log-error={Data}/error.log
        skip-networking
        skip-name-resolve
        symbolic-links=0
        local-infile=0
        secure-file-priv={Sockets}
        event-scheduler=DISABLED
        performance-schema=OFF
        innodb-buffer-pool-size=64M
        max-connections=300

        """;
}
