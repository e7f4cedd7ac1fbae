extern alias agent;

using System.Net;
using agent::Panel.Hosting;
using Panel.Services.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Real MariaDB and PostgreSQL of the agent's own, used by members as a PHP page and a program would.</summary>
public sealed class AgentDatabaseTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private const string Wrong = "abcdefghijklmnopqrstuvwxyzabcdef";

    private static readonly DatabasePassword Maria = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb);
    private static readonly DatabasePassword Postgres = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres);

    [RootFact]
    public async Task A_php_page_uses_both_kinds_and_a_new_password_closes_the_old_one()
    {
        var ann = Account("ann", 290_201, machine.PublicKey, Site("ann", "web", SiteKind.Php)) with { Databases = Both };
        await LiveAsync(ann);
        await machine.UploadAsync("ann", "/sites/web/public/my.php", $$"""
            <?php $m = new PDO('mysql:host=localhost;dbname=ann_shop', 'ann_shop', '{{Maria.Text}}');
            $m->exec('CREATE TABLE IF NOT EXISTS seen (n int)'); $m->exec('INSERT INTO seen VALUES (7)');
            echo $m->query('SELECT n FROM seen LIMIT 1')->fetchColumn();
            """);
        await machine.UploadAsync("ann", "/sites/web/public/pg.php", $$"""
            <?php $p = new PDO('pgsql:host={{Sockets}}/postgres;dbname=ann_diary', 'ann_diary', '{{Postgres.Text}}');
            $p->exec('CREATE TABLE IF NOT EXISTS seen (n int)'); $p->exec('INSERT INTO seen VALUES (9)');
            echo $p->query('SELECT n FROM seen LIMIT 1')->fetchColumn();
            """);
        Assert.Equal((HttpStatusCode.OK, "7"), await machine.GetAsync("web.ann.localhost", "/my.php"));
        Assert.Equal((HttpStatusCode.OK, "9"), await machine.GetAsync("web.ann.localhost", "/pg.php"));

        var usage = Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage, u => u.Handle == "ann");
        Assert.Equal(["diary", "shop"], usage.Databases!.Select(d => d.Name).Order());
        Assert.All(usage.Databases!, d => Assert.InRange(d.Bytes, 1 << 14, 1 << 26));
        Assert.True(usage.DiskBytes >= usage.Databases!.Sum(d => d.Bytes));

        await LiveAsync(ann with { Databases = [Both[0] with { Verifier = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb).Verifier }, Both[1]] });
        Assert.False(await MariaAsync("ann_shop", Maria.Text));
        await LiveAsync(ann with { Status = AccountStatus.Suspended });
        Assert.False(await MariaAsync("ann_shop", Maria.Text));
        Assert.False(await PostgresAsync("ann_diary", "ann_diary", Postgres.Text));
        await LiveAsync(ann);
        Assert.True(await MariaAsync("ann_shop", Maria.Text) && await PostgresAsync("ann_diary", "ann_diary", Postgres.Text));
        Assert.Equal((HttpStatusCode.OK, "7"), await machine.GetAsync("web.ann.localhost", "/my.php"));

        await LiveAsync(ann with { Databases = [] });
        Assert.False(await MariaAsync("ann_shop", Maria.Text) || await PostgresAsync("ann_diary", "ann_diary", Postgres.Text));
        Assert.Equal(2, await DumpsAsync("ann", "seen"));
    }

    [RootFact]
    public async Task Class_14_and_16b_nobody_reaches_the_database_of_another_member_on_either_server()
    {
        await LiveAsync(Account("bea", 290_202, machine.PublicKey) with { Databases = [.. Both, Both[0] with { Name = "aaa" }] });
        await LiveAsync(Account("bob", 290_203, machine.PublicKey) with { Databases = Both });
        Assert.True(await MariaAsync("bea_shop", Maria.Text, "CREATE TABLE t (n int)"));
        // In a grant an underscore stands for any letter: this one is there, and not his.
        Assert.Equal(0, (await AsRootAsync("CREATE DATABASE bobxshop")).Code);
        Assert.True(await PostgresAsync("bea_diary", "bea_diary", Postgres.Text, "CREATE TABLE t (n int)"));

        Assert.False(await MariaAsync("bob_shop", Wrong) || await PostgresAsync("bob_diary", "bob_diary", Wrong));
        foreach (var sql in new[]
        {
            "SELECT * FROM bea_shop.t", "INSERT INTO bea_shop.t VALUES (1)", "CREATE DATABASE other", "CREATE TABLE bobxshop.t (n int)", "SELECT * FROM mysql.global_priv",
            "GRANT ALL ON *.* TO 'bob_shop'@'localhost'", "CREATE USER eve", "SELECT 1 INTO OUTFILE '/tmp/x'", "LOAD DATA INFILE '/etc/passwd' INTO TABLE x", "SET GLOBAL max_connections = 1",
            "CREATE DEFINER='root'@'localhost' VIEW v AS SELECT 1", "INSTALL SONAME 'auth_ed25519'",
        })
        {
            Assert.False(await MariaAsync("bob_shop", Maria.Text, sql), sql);
        }

        foreach (var sql in new[]
        {
            "CREATE DATABASE other", "CREATE ROLE eve", "ALTER ROLE bob_diary SUPERUSER", "SET ROLE bea_diary", "COPY (SELECT 1) TO PROGRAM 'id'", "SELECT pg_read_file('/etc/passwd')",
            "SELECT * FROM pg_authid", "COPY pg_class FROM '/etc/passwd'", "SELECT lo_import('/etc/passwd')", "DROP DATABASE bea_diary", "CREATE EXTENSION dblink",
        })
        {
            Assert.False(await PostgresAsync("bob_diary", "bob_diary", Postgres.Text, sql), sql);
        }

        foreach (var database in new[] { "bea_diary", "postgres", "template1" })
        {
            Assert.False(await PostgresAsync("bob_diary", database, Postgres.Text), database);
        }

        Assert.False(await PostgresAsync("postgres", "postgres", Postgres.Text));
        Assert.NotEqual(0, (await AsBobAsync("ls", $"/srv/panel/{machine.Id}/mariadb/data")).Code);
        Assert.NotEqual(0, (await AsBobAsync("ls", $"/srv/panel/{machine.Id}/postgres/data")).Code);
        Assert.NotEqual(0, (await AsBobAsync("mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb/mariadb.sock", "-u", "root", "-e", "SELECT 1")).Code);
    }

    [RootFact]
    public async Task Servers_that_die_come_back_with_what_was_in_them_and_drift_is_healed()
    {
        await LiveAsync(Account("cat", 290_204, machine.PublicKey) with { Databases = Both });
        Assert.True(await MariaAsync("cat_shop", Maria.Text, "CREATE TABLE t (n int); INSERT INTO t VALUES (1)"));
        Assert.True(await PostgresAsync("cat_diary", "cat_diary", Postgres.Text, "CREATE TABLE t (n int)"));
        foreach (var server in new[] { "mariadb", "postgres" })
        {
            var pid = (await File.ReadAllTextAsync($"{Sockets}/{server}/pid")).Trim();
            Assert.Equal(0, (await RunAsync("kill", "-KILL", pid)).Code);
        }

        await UntilAsync(async () => await MariaAsync("cat_shop", Maria.Text, "SELECT n FROM t") && await PostgresAsync("cat_diary", "cat_diary", Postgres.Text, "SELECT n FROM t"));
        Assert.Equal(0, (await machine.InsideAsync("mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb/mariadb.sock", "-u", "root", "-e", "ALTER USER 'cat_shop'@'localhost' ACCOUNT LOCK")).Code);
        await machine.Panel.RequestAsync(AgentWork.Converge);
        Assert.True(await MariaAsync("cat_shop", Maria.Text, "SELECT n FROM t"));
    }

    [RootFact]
    public async Task Class_16_a_removed_account_keeps_its_databases_as_dumps_and_takes_nothing_of_another()
    {
        var eve = Account("eve", 290_206, machine.PublicKey) with { Databases = Both };
        await LiveAsync(eve);
        await LiveAsync(Account("eve2", 290_207, machine.PublicKey) with { Databases = Both });
        Assert.True(await MariaAsync("eve_shop", Maria.Text, "CREATE TABLE kept (n int)") && await PostgresAsync("eve_diary", "eve_diary", Postgres.Text, "CREATE TABLE kept (n int)"));
        var report = await machine.Panel.SayAsync(eve with { Status = AccountStatus.Removed });
        Assert.True(report.Items.All(i => i.State == ItemState.Removed), string.Join('\n', report.Items) + string.Join('\n', machine.Said));
        Assert.False(await MariaAsync("eve_shop", Maria.Text) || await PostgresAsync("eve_diary", "eve_diary", Postgres.Text));
        Assert.Equal(2, await DumpsAsync("eve", "kept"));
        Assert.True(await MariaAsync("eve2_shop", Maria.Text) && await PostgresAsync("eve2_diary", "eve2_diary", Postgres.Text));
        Assert.Single((await machine.InsideAsync("find", $"{machine.Accounts}/.trash", "-maxdepth", "1", "-name", "eve-*", "-type", "d")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [RootFact]
    public async Task Class_3_names_and_verifiers_that_are_sql_never_reach_a_server()
    {
        var report = await machine.Panel.SayAsync(Account("dan", 290_205, machine.PublicKey) with
        {
            Databases = [new("x`; DROP DATABASE mysql; --", DatabaseEngine.Mariadb, Maria.Verifier), new("ok", DatabaseEngine.Postgres, "md5x'; CREATE ROLE mark; --"), new("y", DatabaseEngine.Mariadb, $"{Maria.Verifier}'; CREATE DATABASE mark; -- ")],
        });
        var refused = report.Items.Where(i => i is { Kind: "database", State: ItemState.Failed }).ToList();
        Assert.Equal(3, refused.Count);
        Assert.All(refused, i => Assert.Contains("not one that a host accepts", i.Message, StringComparison.Ordinal));
        Assert.Equal(ItemState.Live, Assert.Single(report.Items, i => i.Kind == "account").State);
    }

    private static DatabaseState[] Both => [new("shop", DatabaseEngine.Mariadb, Maria.Verifier), new("diary", DatabaseEngine.Postgres, Postgres.Verifier)];

    private async Task<int> DumpsAsync(string handle, string word) =>
        (await machine.InsideAsync("grep", "-lr", $"CREATE TABLE .*{word}", $"{machine.Accounts}/.trash", "--include", $"*.{handle}_*.sql-*")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private string Sockets => $"/run/panel/host-{machine.Id}";

    private Task<(int Code, string Output)> AsRootAsync(string sql) => machine.InsideAsync("mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb/mariadb.sock", "-u", "root", "-e", sql);

    private Task<(int Code, string Output)> AsBobAsync(params string[] command) =>
        machine.InsideAsync(["setpriv", "--reuid=290203", "--regid=290203", "--clear-groups", "--", .. command]);

    private async Task<bool> MariaAsync(string user, string password, string sql = "SELECT 1") =>
        (await AsBobAsync("mariadb", "--no-defaults", "-S", $"{Sockets}/mariadb/mariadb.sock", "-u", user, $"-p{password}", "-e", sql, user)).Code == 0;

    private async Task<bool> PostgresAsync(string user, string database, string password, string sql = "SELECT 1") =>
        (await AsBobAsync("env", $"PGPASSWORD={password}", "psql", "-X", "-w", "-h", $"{Sockets}/postgres", "-U", user, "-d", database, "-v", "ON_ERROR_STOP=1", "-c", sql)).Code == 0;

    private async Task LiveAsync(AccountState account)
    {
        var report = await machine.Panel.SayAsync(account);
        var wanted = account.Status == AccountStatus.Active ? ItemState.Live : ItemState.Suspended;
        Assert.All(report.Items, i => Assert.True(i.State == wanted, $"{i}\n{string.Join('\n', machine.Said)}"));
    }
}
