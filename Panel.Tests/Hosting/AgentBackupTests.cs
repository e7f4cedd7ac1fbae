extern alias agent;

using System.Formats.Tar;
using System.Net;
using agent::Panel.Hosting;
using Panel.Services.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Real restic, tar and databases: what was destroyed comes back, and nothing of an archive reaches beyond its account.</summary>
public sealed class AgentBackupTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private static readonly BackupOrder Order = new("a secret of the house");

    [RootFact]
    public async Task A_file_a_site_and_both_kinds_of_database_come_back_as_they_were()
    {
        var (maria, postgres) = (DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb), DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres));
        var ann = Account("ann", 290_401, machine.PublicKey, Site("ann", "web")) with
        {
            DiskLimitBytes = 200L << 20,
            Databases = [new("shop", DatabaseEngine.Mariadb, maria.Verifier), new("diary", DatabaseEngine.Postgres, postgres.Verifier)],
        };
        await LiveAsync(ann);
        await machine.UploadAsync("ann", "/home/letter.txt", "dear bob");
        await machine.UploadAsync("ann", "/sites/web/public/index.html", "first");
        Task<(int Code, string Output)> Maria(string sql) => AsAsync(290_401, "mariadb", "--no-defaults", "-N", "-S", $"{Run}/mariadb/mariadb.sock", "-u", "ann_shop", $"-p{maria.Text}", "-e", sql, "ann_shop");
        Task<(int Code, string Output)> Postgres(string sql) => AsAsync(290_401, "env", $"PGPASSWORD={postgres.Text}", "psql", "-XtA", "-w", "-h", $"{Run}/postgres", "-U", "ann_diary", "-d", "ann_diary", "-c", sql);
        Assert.Equal(0, (await Maria("CREATE TABLE t (n int); INSERT INTO t VALUES (41), (42); CREATE VIEW v AS SELECT max(n) m FROM t")).Code);
        Assert.Equal(0, (await Postgres("CREATE TABLE t (n int); INSERT INTO t VALUES (51), (52); CREATE VIEW v AS SELECT max(n) m FROM t")).Code);

        var made = await DoAsync(AgentWork.Backup, "ann", Order);
        Assert.Empty(made.Notes);
        var tried = await DoAsync(AgentWork.Trial, "ann", Order with { Snapshot = made.Snapshot });
        Assert.Equal((made.Sha256, made.Bytes), (tried.Sha256, tried.Bytes));
        Assert.True(tried.Trial is { Wrong: [], Files: 4, Sites: ["web answered 200 with its first page"] }, $"{tried.Trial} {string.Join('\n', tried.Trial!.Wrong.Concat(tried.Trial.Sites))}");
        Assert.Equal(["shop t=2", "diary public.t=2"], tried.Counted!.Select(d => $"{d.Name} {string.Join(' ', d.Rows!.Select(r => $"{r.Key}={r.Value}"))}"));
        Assert.Equal(made.Counted!.Select(d => d.Rows), tried.Counted!.Select(d => d.Rows));
        Assert.Equal(["41", "42"], (await Maria("SELECT n FROM t ORDER BY n")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.NotEqual(0, (await Maria("USE ann__trial")).Code);
        Assert.Equal(0, (await machine.InsideAsync("test", "!", "-e", $"{machine.Accounts}/.new-trial", "-a", "!", "-e", $"/srv/panel/{machine.Id}/vhosts/trial.invalid")).Code);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
        Assert.Equal(0, (await RunAsync("env", $"RESTIC_PASSWORD={Order.Secret}", "restic", "--no-cache", "-q", "-r", $"{machine.Data}/backups/ann", "check", "--read-data")).Code);

        await machine.UploadAsync("ann", "/home/letter.txt", "destroyed");
        await machine.UploadAsync("ann", "/sites/web/public/index.html", "destroyed");
        Assert.Equal(0, (await Maria("DROP VIEW v; DROP TABLE t; CREATE TABLE later (n int)")).Code);
        Assert.Equal(0, (await Postgres("DROP VIEW v; DROP TABLE t")).Code);

        await DoAsync(AgentWork.Restore, "ann", Order with { Snapshot = made.Snapshot, Path = "home/letter.txt", Beside = true });
        Assert.Equal("dear bob", (await AsAsync(290_401, "cat", $"{machine.Accounts}/ann/home/restored-{made.Snapshot}/home/letter.txt")).Output);
        Assert.Equal("destroyed", (await AsAsync(290_401, "cat", $"{machine.Accounts}/ann/home/letter.txt")).Output);
        await DoAsync(AgentWork.Restore, "ann", Order with { Snapshot = made.Snapshot });
        Assert.Equal("dear bob", (await AsAsync(290_401, "cat", $"{machine.Accounts}/ann/home/letter.txt")).Output);
        Assert.Equal((HttpStatusCode.OK, "first"), await machine.GetAsync("web.ann.localhost", "/"));
        await DoAsync(AgentWork.Restore, "ann", Order with { Snapshot = made.Snapshot, Database = "shop" });
        await DoAsync(AgentWork.Restore, "ann", Order with { Snapshot = made.Snapshot, Database = "diary" });
        Assert.Equal("42\n", (await Maria("SELECT m FROM v")).Output);
        Assert.Equal("52\n", (await Postgres("SELECT m FROM v")).Output);

        var (id, tar) = await ExportAsync("ann");
        Assert.True(id > 0);
        Assert.Contains("home/letter.txt", tar);
        Assert.Contains("databases/shop.mariadb.sql", tar);
        Assert.Contains("databases/diary.postgres.sql", tar);
        Assert.Contains("sites/web/public/index.html", tar);
    }

    [RootFact]
    public async Task Class_4_and_6_links_and_hostile_paths_lead_neither_a_backup_nor_a_restore_out_of_the_account()
    {
        await LiveAsync(Account("bea", 290_402, machine.PublicKey, Site("bea", "web")));
        await LiveAsync(Account("bob", 290_403, machine.PublicKey));
        await machine.UploadAsync("bob", "/home/secret", "secret of bob");
        var home = $"{machine.Accounts}/bea/home";
        Assert.Equal(0, (await AsAsync(290_402, "ln", "-s", "/etc/shadow", $"{home}/shadow")).Code);
        Assert.Equal(0, (await AsAsync(290_402, "ln", "-s", $"{machine.Accounts}/bob/home/secret", $"{home}/bobs")).Code);
        Assert.Equal(0, (await AsAsync(290_402, "mkfifo", $"{home}/pipe")).Code);
        Assert.Equal(0, (await AsAsync(290_402, "mkdir", $"{home}/d")).Code);
        Assert.Equal(0, (await AsAsync(290_402, "touch", $"{home}/d/x", $"{home}/-rf", $"{home}/new\nline $(id)")).Code);
        var made = await DoAsync(AgentWork.Backup, "bea", Order);
        var dump = $"{machine.Data}/dump.tar";
        Assert.Equal(0, (await RunAsync("env", $"RESTIC_PASSWORD={Order.Secret}", "restic", "--no-cache", "-q", "-r", $"{machine.Data}/backups/bea", "restore", made.Snapshot, "--target", dump)).Code);
        Assert.NotEqual(0, (await RunAsync("grep", "-aqE", "root:|secret of bob", $"{dump}/account.tar")).Code);

        // The folder of the archive is now a link to a place that is not hers; it is replaced or refused, never followed.
        Assert.Equal(0, (await AsAsync(290_402, "rm", "-r", $"{home}/d")).Code);
        Assert.Equal(0, (await AsAsync(290_402, "ln", "-s", $"{machine.Accounts}/bob/home", $"{home}/d")).Code);
        await machine.Panel.RequestAsync(AgentWork.Restore, "bea", made.Snapshot, Order with { Snapshot = made.Snapshot });
        Assert.NotEqual(0, (await machine.InsideAsync("test", "-e", $"{machine.Accounts}/bob/home/x")).Code);

        foreach (var path in new[] { "../bob/home", "/etc", "home/../../bob", "-rf", "--to-command=id", "" })
        {
            Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Restore, "bea", made.Snapshot, Order with { Snapshot = made.Snapshot, Path = path })).Failure);
        }

        foreach (var snapshot in new[] { "latest", "--help", "../x", "ffffffff" })
        {
            Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Restore, "bea", snapshot, Order with { Snapshot = snapshot })).Failure);
        }

        // Her own repository, somebody else's snapshot.
        await DoAsync(AgentWork.Backup, "bob", Order);
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Restore, "bob", made.Snapshot, Order with { Snapshot = made.Snapshot })).Failure);
    }

    [RootFact]
    public async Task Class_1_and_2_files_of_any_name_by_sftp_come_back_one_by_one_or_with_their_folder()
    {
        const int uid = 290_407;
        await LiveAsync(Account("eve", uid, machine.PublicKey));
        var folder = $"{machine.Accounts}/eve/home/odd";
        async Task WriteAsync(string word, params IEnumerable<string> names)
        {
            var (code, output) = await AsAsync(uid, OddNames.Writing(folder, word, names));
            Assert.True(code == 0, output);
        }

        // Every file by itself, so that a failure names the one that is not as it should be.
        async Task AreAsync(string after, Func<string, string> word)
        {
            var found = (await AsAsync(uid, OddNames.Reading(folder))).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToDictionary(l => l.Split(' ')[0], l => l);
            var wrong = OddNames.All.Select(n => (Name: n, Is: found.GetValueOrDefault(n) ?? "(gone)", Wanted: $"{n} {word(n)} {n}")).Where(f => f.Is != f.Wanted)
                .Select(f => $"{System.Text.Encoding.UTF8.GetString(Convert.FromHexString(f.Name))}: '{f.Is}' instead of '{f.Wanted}'").Concat(found.Keys.Except(OddNames.All).Select(n => $"{n} is new"));
            Assert.True(!wrong.Any(), $"After {after}:\n{string.Join('\n', wrong)}");
        }

        await machine.SftpAsync("eve", "mkdir /home/odd");
        await machine.UploadAsync("eve", "/home/letter", "any");
        foreach (var name in OddNames.BySftp)
        {
            var (code, output) = await machine.SftpAsync("eve", $"put {machine.KeyFile}.pub \"/home/odd/{name.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
            Assert.True(code == 0, $"{name}: {output}");
        }

        // What SFTP has made has these very names; the rest is made beside it.
        Assert.Equal(OddNames.BySftp.Select(OddNames.Hex).Order(StringComparer.Ordinal), (await AsAsync(uid, OddNames.Reading(folder))).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')[0]).Order(StringComparer.Ordinal));
        await WriteAsync("kept", OddNames.All);
        var order = Order with { Snapshot = (await DoAsync(AgentWork.Backup, "eve", Order)).Snapshot };
        await WriteAsync("destroyed", OddNames.All);

        var back = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in OddNames.Askable)
        {
            var report = await machine.Panel.RequestAsync(AgentWork.Restore, "eve", order.Snapshot, order with { Path = $"home/odd/{name}" });
            back.Add(OddNames.Hex(name));
            Assert.True(report is { Failure: null, Backup.Notes.Count: 0 }, $"{name}: {report.Failure} {string.Join(' ', report.Backup?.Notes ?? [])}");
            await AreAsync($"the restore of {name}", n => back.Contains(n) ? "kept" : "destroyed");
        }

        await WriteAsync("destroyed", OddNames.All);
        await DoAsync(AgentWork.Restore, "eve", order with { Path = "home/odd", Beside = true });
        await AreAsync("the restore beside", _ => "destroyed");
        await DoAsync(AgentWork.Restore, "eve", order with { Path = "home/odd" });
        await AreAsync("the restore of the folder", _ => "kept");
        Assert.Empty((await DoAsync(AgentWork.Trial, "eve", order)).Trial!.Wrong);
    }

    [RootFact]
    public async Task A_file_with_several_names_comes_back_by_each_of_them_alone_beside_or_with_its_folder()
    {
        const int uid = 290_408;
        await LiveAsync(Account("fay", uid, machine.PublicKey));
        var home = $"{machine.Accounts}/fay/home";
        async Task<string> DoneAsync(string commands)
        {
            var (code, output) = await AsAsync(uid, "bash", "-c", $"set -e; cd {home}; {commands}");
            Assert.True(code == 0, output);
            return output;
        }

        // Names are found in the order of the folder, so which of them the archive calls the first is open. tar lists a short time
        // that comes after a longer one with a space more.
        await DoneAsync("echo kept > letter; mkdir album other; ln letter album/one; ln letter 'album/two, & more'; ln letter 'other/ein Lächeln'; chmod 640 letter; touch -d '2026-01-01 10:00:00.5' letter; touch -d '2026-01-01 10:00:00.123456789' album");
        var order = Order with { Snapshot = (await DoAsync(AgentWork.Backup, "fay", Order)).Snapshot };
        var names = new[] { "letter", "album/one", "album/two, & more", "other/ein Lächeln" };
        foreach (var name in names)
        {
            await DoneAsync("rm -rf album other letter; mkdir album other; for f in letter album/one 'album/two, & more' 'other/ein Lächeln'; do echo of today > \"$f\"; done");
            await DoAsync(AgentWork.Restore, "fay", order with { Path = $"home/{name}" });
            // The others are as they are today, and what is written to the one does not reach them.
            await DoneAsync($"echo more >> '{name}'");
            Assert.Equal("kept\nmore\n", await DoneAsync($"cat '{name}'"));
            Assert.Equal("of today\nof today\nof today\n", await DoneAsync(string.Join("; ", names.Where(n => n != name).Select(n => $"cat '{n}'"))));
            Assert.Equal("640\n", await DoneAsync($"stat -c %a '{name}'"));
        }

        // Also when no other name is left, and beside what is there.
        await DoneAsync("rm -rf album other letter");
        await DoAsync(AgentWork.Restore, "fay", order with { Path = "home/album" });
        Assert.Equal("kept\nkept\n", await DoneAsync("cat album/*; test ! -e letter"));
        foreach (var name in names)
        {
            await DoAsync(AgentWork.Restore, "fay", order with { Path = $"home/{name}", Beside = true });
            Assert.Equal("kept\n", await DoneAsync($"cat 'restored-{order.Snapshot}/home/{name}'; rm -rf restored-*"));
        }

        await DoAsync(AgentWork.Restore, "fay", order with { Beside = true });
        Assert.Equal("kept 4\n", await DoneAsync($"cd restored-{order.Snapshot}/home; echo $(cat letter) $(stat -c %h letter)"));
    }

    [RootFact]
    public async Task What_is_in_a_backup_is_found_by_a_part_of_its_name()
    {
        const int uid = 290_409;
        await LiveAsync(Account("gil", uid, machine.PublicKey));
        Assert.Equal(0, (await AsAsync(uid, "bash", "-c", $"cd {machine.Accounts}/gil/home && mkdir -p Photos/2026 && touch Photos/2026/{{a..z}}{{1..4}}.jpg Photos/'[x]*.txt' Photos/-e Photos/ÄPFEL")).Code);
        var order = Order with { Snapshot = (await DoAsync(AgentWork.Backup, "gil", Order)).Snapshot };
        async Task<IReadOnlyList<string>> FindAsync(string text) => (await machine.Panel.RequestAsync(AgentWork.Contents, "gil", order.Snapshot, order with { Path = text })).Backup!.Notes;

        Assert.Equal(["home/Photos/2026/q3.jpg"], await FindAsync("Q3.JPG"));
        Assert.Equal(["home/Photos/[x]*.txt"], await FindAsync("[x]*"));
        Assert.Equal(["home/Photos/-e"], await FindAsync("/-e"));
        Assert.Equal(["home/Photos/ÄPFEL"], await FindAsync("äpfel"));
        Assert.Equal(50, (await FindAsync("photos/2026")).Count);
        Assert.Empty(await FindAsync("nothing"));
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Contents, "gil", "--option", order with { Snapshot = "--option", Path = "q" })).Failure);
    }

    [RootFact]
    public async Task A_trial_says_which_dump_is_none_and_which_page_is_not_as_it_was()
    {
        var postgres = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres);
        var dan = Account("dan", 290_406, machine.PublicKey, Site("dan", "web")) with { Databases = [new("diary", DatabaseEngine.Postgres, postgres.Verifier)] };
        await LiveAsync(dan);
        await machine.UploadAsync("dan", "/sites/web/public/index.html", "first");
        // Her page may not be read by the web server: the backup is whole and what it restores is not served.
        Assert.Equal(0, (await AsAsync(290_406, "chmod", "600", $"{machine.Accounts}/dan/sites/web/public/index.html")).Code);
        var made = await DoAsync(AgentWork.Backup, "dan", Order);
        var found = await DoAsync(AgentWork.Trial, "dan", Order with { Snapshot = made.Snapshot });
        Assert.Equal("The site web answered 403.", Assert.Single(found.Trial!.Wrong));

        // An archive whose dump is no dump, as a broken disk or a hostile hand would leave it.
        var archive = $"{machine.Data}/forged";
        Assert.Equal(0, (await RunAsync("mkdir", "-p", $"{archive}/databases", $"{archive}/home")).Code);
        await File.WriteAllTextAsync($"{archive}/databases/diary.postgres.sql", "CREATE TABLE t (n int); INSERT INTO t VALUES (1); NOT SQL;");
        Assert.Equal(0, (await RunAsync("tar", "-cf", $"{archive}/account.tar", "-C", archive, "databases", "home")).Code);
        Assert.Equal(0, (await RunAsync("sh", "-c", $"RESTIC_PASSWORD='{Order.Secret}' restic --no-cache -q -r {machine.Data}/backups/dan backup --stdin --stdin-filename account.tar --host dan < {archive}/account.tar")).Code);
        var snapshots = (await RunAsync("env", $"RESTIC_PASSWORD={Order.Secret}", "restic", "--no-cache", "-q", "-r", $"{machine.Data}/backups/dan", "snapshots", "--json")).Output;
        var forged = System.Text.Json.Nodes.JsonNode.Parse(snapshots)!.AsArray()[^1]!["short_id"]!.ToString();
        found = await DoAsync(AgentWork.Trial, "dan", Order with { Snapshot = forged });
        Assert.Contains("The database diary could not be made of its dump", Assert.Single(found.Trial!.Wrong), StringComparison.Ordinal);
        Assert.Empty(found.Counted!);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
    }

    [RootFact]
    public async Task Old_backups_go_by_the_rule_of_the_order_and_the_sealed_password_lies_beside_the_repository()
    {
        await LiveAsync(Account("cid", 290_404, machine.PublicKey));
        var order = Order with { Wrapped = "sealed-by-the-house", Keep = new BackupKeep(1, 0, 0) };
        var first = await DoAsync(AgentWork.Backup, "cid", order);
        Assert.StartsWith(first.Snapshot, Assert.Single(first.Kept!), StringComparison.Ordinal);
        var second = await DoAsync(AgentWork.Backup, "cid", order);
        Assert.StartsWith(second.Snapshot, Assert.Single(second.Kept!), StringComparison.Ordinal);
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Trial, "cid", first.Snapshot, Order with { Snapshot = first.Snapshot })).Failure);
        Assert.Equal("sealed-by-the-house", await File.ReadAllTextAsync($"{machine.Data}/backups/cid.key"));
        // A whole repository goes at the end of an erased account only.
        Assert.Contains("not erased", (await machine.Panel.RequestAsync(AgentWork.Forget, "cid")).Failure, StringComparison.Ordinal);
    }

    private string Run => $"/run/panel/host-{machine.Id}";

    private Task<(int Code, string Output)> AsAsync(int uid, params string[] command) =>
        machine.InsideAsync(["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--", .. command]);

    private async Task<BackupMade> DoAsync(AgentWork work, string handle, BackupOrder order)
    {
        var report = await machine.Panel.RequestAsync(work, handle, order.Snapshot, order);
        Assert.True(report.Failure is null && report.Backup is not null, report.Failure);
        Assert.True(work == AgentWork.Backup || report.Backup!.Notes.Count == 0, string.Join('\n', report.Backup!.Notes));
        return report.Backup!;
    }

    private async Task<(long Id, IReadOnlyList<string> Names)> ExportAsync(string handle)
    {
        var report = await machine.Panel.RequestAsync(AgentWork.Export, handle);
        Assert.Null(report.Failure);
        var names = new List<string>();
        using var reader = new TarReader(new MemoryStream(machine.Panel.Archives[report.RequestId!.Value]));
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add(entry.Name);
        }

        return (report.RequestId.Value, names);
    }

    private async Task LiveAsync(AccountState account) =>
        Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.True(i.State == ItemState.Live, $"{i}\n{string.Join('\n', machine.Said)}"));
}
