extern alias agent;

using System.Net;
using System.Text.Json;
using agent::Panel.Hosting;
using Panel.Services.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Two members on one host who attack each other by every means that a PHP script, an SFTP session, a task and a database user have
/// (classes 2, 5 and 14). Their handles begin alike on purpose.</summary>
public sealed class AgentTenantTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private static readonly DatabasePassword Maria = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb);
    private static readonly DatabasePassword Postgres = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres);

    [RootFact]
    public async Task Class_14_neither_reaches_the_other_by_php_sftp_task_or_database()
    {
        var (bob, bob2) = (Whole("bob", 290_471), Whole("bob2", 290_472));
        await LiveAsync(bob);
        await LiveAsync(bob2);
        foreach (var handle in new[] { "bob", "bob2" })
        {
            await machine.UploadAsync(handle, "/sites/web/public/config.php", $"<?php /* <secret of {handle}> */ session_id('same'); session_start(); $_SESSION['of'] ??= '{handle}'; echo $_SESSION['of']; file_put_contents('/tmp/of-{handle}', 'x');");
            await machine.UploadAsync(handle, "/home/secret", $"<secret of {handle}>");
            await machine.UploadAsync(handle, "/sites/web/public/attack.php", Attack);
            Assert.Equal((HttpStatusCode.OK, handle), await machine.GetAsync($"web.{handle}.localhost", "/config.php"));
        }

        foreach (var (mine, theirs, uid) in new[] { ("bob", "bob2", 290_472), ("bob2", "bob", 290_471) })
        {
            var (code, found) = await machine.GetAsync($"web.{mine}.localhost", $"/attack.php?tree={machine.Accounts}/{theirs}&run=/run/panel/host-{machine.Id}&theirs={theirs}&uid={uid}");
            Assert.Equal((HttpStatusCode.OK, "[]"), (code, found));
            foreach (var path in new[] { $"../{theirs}", $"/../{theirs}/home/secret", $"{machine.Accounts}/{theirs}/home/secret", "/proc/1/environ", "/etc/passwd" })
            {
                Assert.NotEqual(0, (await machine.SftpAsync(mine, $"get {path} /dev/null")).Code);
            }

            var task = (await machine.Panel.RequestAsync(AgentWork.Task, mine, "spy")).Runs!.Single();
            Assert.DoesNotContain($"<secret of {theirs}>", task.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("WON", task.Output, StringComparison.Ordinal);

            // A database user: another's tables by name and by wildcard, files of the server, other roles.
            foreach (var sql in new[] { $"SELECT * FROM {theirs}_shop.t", "SELECT LOAD_FILE('/etc/passwd') IS NOT NULL AND 1/0", "SELECT 1 INTO OUTFILE '/tmp/x'", "CREATE DATABASE other", $"GRANT ALL ON {mine}_shop.* TO '{theirs}_shop'@'localhost'", "SELECT * FROM mysql.global_priv", "SET GLOBAL max_connections = 1" })
            {
                var (_, output) = await MariaAsync(mine, sql);
                Assert.True(output.Contains("ERROR", StringComparison.Ordinal) || output.Contains("NULL", StringComparison.Ordinal), $"{sql}: {output}");
            }

            foreach (var sql in new[] { $"\\c {theirs}_diary", "COPY (SELECT 1) TO PROGRAM 'id'", "SELECT pg_read_file('/etc/passwd')", "CREATE EXTENSION file_fdw", $"SET ROLE \"{theirs}_diary\"", "SELECT rolpassword FROM pg_authid", "ALTER SYSTEM SET port = 1", "CREATE DATABASE other", $"ALTER ROLE \"{mine}_diary\" SUPERUSER" })
            {
                Assert.True((await PostgresAsync(mine, sql)).Code != 0, sql);
            }
        }
    }

    [RootFact]
    public async Task Class_5_and_16b_what_happens_to_bob_happens_to_nobody_whose_name_begins_alike()
    {
        var handles = new[] { "bob3", "bob33", "bob3-x" };
        for (var i = 0; i < handles.Length; i++)
        {
            await LiveAsync(Whole(handles[i], 290_475 + i));
            await machine.UploadAsync(handles[i], "/sites/web/public/index.php", $"<?php echo '{handles[i]}';");
        }

        var bob = Whole("bob3", 290_475);
        foreach (var status in new[] { AccountStatus.Suspended, AccountStatus.Removed })
        {
            await machine.Panel.SayAsync(bob with { Status = status });
            foreach (var other in handles[1..])
            {
                Assert.Equal((HttpStatusCode.OK, other), await machine.GetAsync($"web.{other}.localhost", "/index.php"));
                Assert.Equal(0, (await machine.SftpAsync(other, "ls /home")).Code);
                Assert.Equal((0, "1\n1\n"), await MariaAsync(other, "SELECT 1"));
                var (code, output) = await PostgresAsync(other, "SELECT 1");
                Assert.True(code == 0, output);
            }
        }

        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.bob3.localhost", "/index.php")).Code);

        // A handle or uid that once was another's, or that only looks like one.
        foreach (var (handle, uid) in new[] { ("bob33", 290_479), ("new", 290_476), ("Bob33", 290_476), ("bоb33", 290_480), ("xn--bb-5cd", 290_480), ("bob-", 290_480), ("root", 290_480), ("postgres", 290_480), ("bob33/../bob3-x", 290_480) })
        {
            Assert.Equal(ItemState.Failed, (await machine.Panel.SayAsync(Account(handle, uid, machine.PublicKey))).Items[0].State);
        }

        Assert.Equal((HttpStatusCode.OK, "bob33"), await machine.GetAsync("web.bob33.localhost", "/index.php"));
    }

    [RootFact]
    public async Task Class_2_names_stored_today_fire_nothing_in_log_backup_trial_restore_and_export()
    {
        var canary = $"{machine.Accounts}/cat/tmp/fired";
        var cat = Whole("cat", 290_473) with { Tasks = [new("odd", "168h", ["/bin/echo", $"$(touch {canary})", $"`touch {canary}`", $"; touch {canary}", "%s%n"], 5)] };
        await LiveAsync(cat);
        var names = new[] { $"$(touch {canary})", $"`touch {canary}`", $";touch {canary};", $"|touch {canary}", "-rf", "--to-command=touch fired", "--checkpoint-action=exec=touch fired", "a\nb", "a\r\nb", "%s%n", "\u001b[31m", "@list", "=cmd|' /C calc'!A0", "'; DROP TABLE t; --", "\\x" }.Select(n => n.Replace('/', '\\')).ToArray();
        Assert.Equal(0, (await AsAsync(["env", "-C", $"{machine.Accounts}/cat/sites/web/public", "touch", "--", .. names])).Code);
        Assert.Equal(0, (await AsAsync(["env", "-C", $"{machine.Accounts}/cat/home", "mkdir", "--", .. names])).Code);

        using var visit = new HttpRequestMessage(HttpMethod.Get, $"/%24(touch%20{canary})%0a%0d%22%7d?x=';--") { Headers = { Host = "web.cat.localhost" } };
        visit.Headers.TryAddWithoutValidation("User-Agent", $"$(touch {canary})\"}}{{\\");
        using var seen = await machine.Http.SendAsync(visit);
        await machine.Panel.RequestAsync(AgentWork.Task, "cat", "odd");

        var log = (await machine.Panel.RequestAsync(AgentWork.Log, "cat", "web")).Plan!;
        Assert.NotEmpty(log);
        Assert.All(log, line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
        var order = new BackupOrder("secret of a repository");
        var made = (await machine.Panel.RequestAsync(AgentWork.Backup, "cat", null, order)).Backup!;
        Assert.Empty(made.Notes);
        Assert.Equal(made.Sha256, (await machine.Panel.RequestAsync(AgentWork.Trial, "cat", made.Snapshot, order with { Snapshot = made.Snapshot })).Backup?.Sha256);
        Assert.Null((await machine.Panel.RequestAsync(AgentWork.Restore, "cat", made.Snapshot, order with { Snapshot = made.Snapshot })).Failure);
        Assert.Null((await machine.Panel.RequestAsync(AgentWork.Export, "cat")).Failure);
        await machine.Panel.RequestAsync(AgentWork.Usage);
        await machine.Panel.RequestAsync(AgentWork.Converge);
        var (_, fired) = await machine.InsideAsync("find", machine.Accounts, "/srv/panel/" + machine.Id, "/tmp", "-maxdepth", "6", "-name", "fired");
        Assert.DoesNotContain("/fired", fired, StringComparison.Ordinal); // Other tests' folders may go while it looks, which find says too.
        foreach (var name in names)
        {
            Assert.Equal(0, (await AsAsync("test", "-e", $"{machine.Accounts}/cat/sites/web/public/{name}")).Code);
        }
    }

    /// <summary>Everything that worked is said; an empty list is what is wanted.</summary>
    private const string Attack = """
        <?php
        $t = $_GET['tree']; $r = $_GET['run']; $n = $_GET['theirs']; $won = [];
        foreach (["$t/home/secret", "$t/sites/web/public/config.php", "$t/private/php.log", "/proc/1/environ", "$r/../../etc/shadow", "/etc/shadow", "/tmp/of-$n", "$t/sessions/sess_same"] as $f) {
          if (@file_get_contents($f) !== false) $won[] = "php read $f";
          if (@symlink($f, "link") && @file_get_contents("link") !== false) $won[] = "link $f"; @unlink("link");
          exec('cat ' . escapeshellarg($f) . ' 2>/dev/null', $out, $code); if ($code === 0 && strpos($f, '/tmp/') !== 0) $won[] = "program read $f";
        }
        foreach (["$r/php/$n.sock", "$r/apps/$n.web", "$r/../agent.sock"] as $s) if (@stream_socket_client("unix://$s", $e, $m, 1)) $won[] = "socket $s";
        if (@posix_kill((int)trim((string)shell_exec('pgrep -u ' . (int)$_GET['uid'] . ' | head -1')) ?: 1, 9)) $won[] = 'killed';
        if (@posix_setuid((int)$_GET['uid']) || @posix_setuid(0)) $won[] = 'setuid';
        ini_set('open_basedir', '/'); if (@scandir($t)) $won[] = 'scandir';
        foreach (glob('/proc/[0-9]*/environ') ?: [] as $p) if (strpos((string)@file_get_contents($p), $n) !== false) $won[] = "environ $p";
        echo json_encode($won);
        """;

    private AccountState Whole(string handle, int uid) => Account(handle, uid, machine.PublicKey, Site(handle, "web", SiteKind.Php)) with
    {
        Databases = [new("shop", DatabaseEngine.Mariadb, Maria.Verifier), new("diary", DatabaseEngine.Postgres, Postgres.Verifier)],
        Tasks = [new("spy", "168h", ["/bin/sh", "-c", $"cat {machine.Accounts}/bob*/home/secret; cat /proc/*/environ; kill -9 -1; ln {machine.Accounts}/bob2/home/secret {machine.Accounts}/bob/home/link && echo WON; ls {machine.Accounts}/; crontab -l && echo WON; su -c id && echo WON"], 10)],
    };

    private Task<(int Code, string Output)> AsAsync(params string[] command) => machine.InsideAsync(["setpriv", "--reuid=290473", "--regid=290473", "--clear-groups", "--", .. command]);

    private Task<(int Code, string Output)> MariaAsync(string handle, string sql) =>
        machine.InsideAsync("mariadb", "--no-defaults", "-S", $"/run/panel/host-{machine.Id}/mariadb/mariadb.sock", "-u", $"{handle}_shop", $"-p{Maria.Text}", "-e", sql, $"{handle}_shop");

    private Task<(int Code, string Output)> PostgresAsync(string handle, string sql) => machine.InsideAsync("env", $"PGPASSWORD={Postgres.Text}",
        "psql", "-X", "-w", "-h", $"/run/panel/host-{machine.Id}/postgres", "-U", $"{handle}_diary", "-d", $"{handle}_diary", "-v", "ON_ERROR_STOP=1", "-c", sql);

    private async Task LiveAsync(AccountState account) =>
        Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.True(i.State == ItemState.Live, $"{i}\n{string.Join('\n', machine.Said)}"));
}
