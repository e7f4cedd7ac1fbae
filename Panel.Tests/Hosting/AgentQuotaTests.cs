extern alias agent;

using agent::Panel.Hosting;
using Panel.Services.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Class 15, quota evasion, on real btrfs, MariaDB and PostgreSQL: whatever a member fills, the account is stopped, can make room
/// by itself, and works again.</summary>
public sealed class AgentQuotaTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private const long Limit = 40L << 20;

    private static readonly DatabasePassword Maria = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb);
    private static readonly DatabasePassword Postgres = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres);

    [RootFact]
    public async Task Class_15_databases_take_nothing_more_over_the_limit_can_be_emptied_and_open_again()
    {
        var ann = Account("ann", 290_301, machine.PublicKey) with
        {
            DiskLimitBytes = null,
            Databases = [new("shop", DatabaseEngine.Mariadb, Maria.Verifier), new("diary", DatabaseEngine.Postgres, Postgres.Verifier)],
        };
        Assert.All((await machine.Panel.SayAsync(ann)).Items, i => Assert.Equal(ItemState.Live, i.State));
        Assert.True(await MariaAsync("CREATE TABLE t (n int); INSERT INTO t VALUES (1); CREATE TABLE big (b longblob)") && await PostgresAsync("CREATE TABLE t (n int); INSERT INTO t VALUES (1)"));
        Assert.True(await MariaAsync("INSERT INTO big SELECT RANDOM_BYTES(1000) FROM seq_1_to_20000"), "could not be filled");
        await MeasuredAsync(ItemState.Live);
        ann = ann with { DiskLimitBytes = Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage, u => u.Handle == "ann").DiskBytes * 97 / 100 };
        await machine.Panel.SayAsync(ann);

        // At the limit: by no statement more, neither here nor there, nor through a connection that was open before.
        await MeasuredAsync(ItemState.Failed);
        Assert.False(await MariaAsync("INSERT INTO t VALUES (2)") || await MariaAsync("UPDATE t SET n = 3") || await MariaAsync("CREATE TABLE u (n int)") || await MariaAsync("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t"));
        Assert.False(await PostgresAsync("INSERT INTO t VALUES (2)"));
        Assert.True(await MariaAsync("SELECT n FROM t") && await PostgresAsync("SELECT n FROM t"));

        // PostgreSQL lets its owner write to make room; who fills on is shut out.
        Assert.True(await PostgresAsync("BEGIN READ WRITE; CREATE TABLE more AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 40000) n; COMMIT"));
        await MeasuredAsync(ItemState.Failed);
        Assert.False(await PostgresAsync("SELECT n FROM t"));

        // Nothing opens because the agent begins anew; a full pass has nothing to do.
        await machine.KillAgentAsync();
        await machine.StartAgentAsync();
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);

        Assert.True(await MariaAsync("DROP TABLE big"));
        await MeasuredAsync(ItemState.Failed);
        await machine.Panel.SayAsync(ann with { DiskLimitBytes = 400L << 20 });
        await MeasuredAsync(ItemState.Live);
        Assert.True(await MariaAsync("INSERT INTO t VALUES (2)") && await PostgresAsync("DROP TABLE more") && await PostgresAsync("INSERT INTO t VALUES (2)"));
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
    }

    [RootFact]
    public async Task Class_15_databases_near_the_limit_are_looked_at_every_minute_and_nobody_has_to_ask()
    {
        var (maria, post) = (DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb), DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres));
        var handles = new[] { ("fay", 290_304), ("gus", 290_305) };
        foreach (var (handle, uid) in handles)
        {
            await machine.Panel.SayAsync(Account(handle, uid, machine.PublicKey) with
            {
                DiskLimitBytes = 60L << 20,
                Databases = [handle == "fay" ? new("shop", DatabaseEngine.Mariadb, maria.Verifier) : new("shop", DatabaseEngine.Postgres, post.Verifier)],
            });
        }

        Task<(int Code, string Output)> FayAsync(string sql) => machine.InsideAsync("setpriv", "--reuid=290304", "--regid=290304", "--clear-groups", "--",
            "mariadb", "--no-defaults", "-S", $"/run/panel/host-{machine.Id}/mariadb/mariadb.sock", "-u", "fay_shop", $"-p{maria.Text}", "-e", sql, "fay_shop");
        Task<(int Code, string Output)> GusAsync(string sql) => machine.InsideAsync("setpriv", "--reuid=290305", "--regid=290305", "--clear-groups", "--", "env", $"PGPASSWORD={post.Text}",
            "psql", "-X", "-q", "-h", $"/run/panel/host-{machine.Id}/postgres", "-U", "gus_shop", "-d", "gus_shop", "-c", sql);
        Assert.Equal(0, (await FayAsync("CREATE TABLE big (b longblob); INSERT INTO big SELECT RANDOM_BYTES(1000) FROM seq_1_to_30000")).Code);
        Assert.Equal(0, (await GusAsync("CREATE TABLE big AS SELECT repeat(md5(i::text), 30) AS b FROM generate_series(1, 30000) i")).Code);
        var before = (await machine.Panel.RequestAsync(AgentWork.Usage)).Usage;
        Assert.All(before.Where(u => handles.Any(h => h.Item1 == u.Handle)), u => Assert.InRange(u.DiskBytes, 30L << 20, 60L << 20));

        // Within one measurement and the next: over the limit, and shut before anybody measures all.
        Assert.Equal(0, (await FayAsync("INSERT INTO big SELECT RANDOM_BYTES(1000) FROM seq_1_to_60000")).Code);
        Assert.Equal(0, (await GusAsync("INSERT INTO big SELECT repeat(md5(i::text), 30) FROM generate_series(1, 60000) i")).Code);
        async Task<bool> ShutAsync() => (await FayAsync("INSERT INTO big VALUES ('x')")).Code != 0 && (await GusAsync("INSERT INTO big VALUES ('x')")).Code != 0;
        for (var patience = 0; patience < 3 && !await ShutAsync(); patience++)
        {
            await Record.ExceptionAsync(() => AgentMachine.UntilAsync(ShutAsync));
        }

        Assert.True(await ShutAsync(), string.Join('\n', machine.Said.TakeLast(20)));
    }

    [RootFact]
    public async Task Class_15_files_and_databases_share_one_limit_and_what_one_gives_back_the_other_gets()
    {
        var password = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb);
        var eve = Account("eve", 290_303, machine.PublicKey) with { DiskLimitBytes = 80L << 20, Databases = [new("shop", DatabaseEngine.Mariadb, password.Verifier)] };
        Task<(int Code, string Output)> AsEveAsync(params string[] command) =>
            machine.InsideAsync(["setpriv", "--reuid=290303", "--regid=290303", "--clear-groups", "--", "env", "-C", $"{machine.Accounts}/eve", .. command]);
        async Task<bool> ShopAsync(string sql) => (await AsEveAsync("mariadb", "--no-defaults", "-S", $"/run/panel/host-{machine.Id}/mariadb/mariadb.sock", "-u", "eve_shop", $"-p{password.Text}", "-e", sql, "eve_shop")).Code == 0;
        async Task<bool> FitsAsync(string file, int megabytes) => (await AsEveAsync("dd", "if=/dev/urandom", $"of=private/{file}", "bs=1M", $"count={megabytes}", "status=none", "conv=fsync")).Code == 0;
        async Task<UsageReport> UseAsync()
        {
            var use = Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage, u => u.Handle == "eve");
            var said = await machine.Panel.RequestAsync(AgentWork.Converge);
            Assert.Equal(use.DiskBytes < use.LimitBytes ? ItemState.Live : ItemState.Failed, said.Accounts.Single(a => a.Handle == "eve").Items.Single(i => i.Kind == "database").State);
            return use;
        }

        Assert.All((await machine.Panel.SayAsync(eve)).Items, i => Assert.Equal(ItemState.Live, i.State));
        Assert.True(await ShopAsync("CREATE TABLE t (n int); CREATE TABLE big (b longblob); INSERT INTO big SELECT RANDOM_BYTES(1000) FROM seq_1_to_30000"), "could not be filled");
        var databases = (await UseAsync()).Databases!.Sum(d => d.Bytes);
        Assert.InRange(databases, 30L << 20, 60L << 20);

        // Alone the files would fit; beside the databases they do not, and with what fits both are at the one limit.
        Assert.False(await FitsAsync("much", (int)(80 - (databases >> 20) + 4)));
        var full = await UseAsync();
        Assert.InRange(full.DiskBytes, (80L << 20) * 95 / 100, (80L << 20) * 105 / 100);

        // The agent begins anew and gives nothing away meanwhile; a full pass has nothing to do.
        await machine.KillAgentAsync();
        await machine.StartAgentAsync();
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
        Assert.False(await FitsAsync("more", 8));

        // Files that go make room for rows, rows that go make room for files.
        Assert.Equal(0, (await AsEveAsync("rm", "-f", "private/much", "private/more")).Code);
        await UseAsync();
        Assert.True(await ShopAsync("INSERT INTO t VALUES (1)") && await ShopAsync("DROP TABLE big"));
        await UseAsync();
        Assert.True(await FitsAsync("much", 60));

        // Over a limit that was lowered nothing is lost, nothing more is taken, and it can be emptied.
        Assert.All((await machine.Panel.SayAsync(eve with { DiskLimitBytes = 20L << 20 })).Items, i => Assert.Equal(ItemState.Live, i.State));
        await UseAsync();
        Assert.False(await FitsAsync("more", 8) || await ShopAsync("INSERT INTO t VALUES (2)"));
        Assert.True((await AsEveAsync("rm", "-f", "private/much", "private/more")).Code == 0 && await ShopAsync("SELECT n FROM t"));
        await UseAsync();
        Assert.True(await ShopAsync("INSERT INTO t VALUES (2)"));
    }

    [RootFact]
    public async Task Class_15_and_16b_holes_many_small_files_tmp_sessions_and_nested_subvolumes_all_count_and_are_stopped()
    {
        Assert.All((await machine.Panel.SayAsync(Account("bob", 290_302, machine.PublicKey) with { DiskLimitBytes = Limit })).Items, i => Assert.Equal(ItemState.Live, i.State));
        Assert.Equal(0, (await AsBobAsync("truncate", "-s", "10G", "private/hole")).Code);
        Assert.InRange(await UsedAsync(), 0, 1 << 20);
        foreach (var place in new[] { "tmp", "sessions", "private", "home" })
        {
            Assert.Equal(0, (await AsBobAsync("dd", "if=/dev/urandom", $"of={place}/part", "bs=1M", "count=6", "status=none")).Code);
        }

        Assert.Equal(0, (await AsBobAsync("btrfs", "subvolume", "create", "home/inner")).Code);
        Assert.InRange(await UsedAsync(), 24 << 20, 26 << 20);
        await machine.InsideAsync("btrfs", "quota", "rescan", "-w", machine.Accounts);

        // What it makes inside is under the account's limit from the next look on; and so are inodes, which take room of the tree.
        Assert.NotEqual(0, (await AsBobAsync("dd", "if=/dev/urandom", "of=home/inner/much", "bs=1M", "count=30", "status=none", "conv=fsync")).Code);
        Assert.NotEqual(0, (await AsBobAsync("dd", "if=/dev/urandom", "of=private/hole", "bs=1M", "count=30", "status=none", "conv=notrunc,fsync")).Code);
        Assert.NotEqual(0, (await AsBobAsync("sh", "-c", "cd tmp && for d in $(seq 1 200); do mkdir d$d || exit 1; for n in $(seq 1 300); do : > d$d/aVeryLongNameThatTakesRoomInTheTreeOfTheFileSystem$n || exit 1; done; done; sync")).Code);
        Assert.InRange(await UsedAsync(), Limit * 9 / 10, Limit * 21 / 20);

        // The machine's own /tmp is on another file system: nothing that runs as the member for long may write there.
        Assert.Equal(0, (await AsBobAsync("rm", "-rf", "tmp/part", "private/hole", "home/inner/much", "private/part")).Code);
        Assert.Equal(0, (await AsBobAsync("dd", "if=/dev/urandom", "of=home/again", "bs=1M", "count=1", "status=none", "conv=fsync")).Code);
    }

    [RootFact]
    public async Task Class_1_and_2_a_subvolume_counts_for_its_owner_whatever_names_lead_to_it()
    {
        Assert.All((await machine.Panel.SayAsync(Account("hal", 290_306, machine.PublicKey))).Items.Concat((await machine.Panel.SayAsync(Account("ida", 290_307, machine.PublicKey))).Items), i => Assert.Equal(ItemState.Live, i.State));
        Task<(int Code, string Output)> AsHalAsync(params string[] command) =>
            machine.InsideAsync(["setpriv", "--reuid=290306", "--regid=290306", "--clear-groups", "--", "env", "-C", $"{machine.Accounts}/hal/home", .. command]);
        async Task<long> OfAsync(string handle) => Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage, u => u.Handle == handle).DiskBytes;
        var before = await OfAsync("ida");

        // Another's account within a path, and whole lines of the lists that these names stand in.
        string[] names = ["accounts/ida", "a\nID 999 gen 1 top level 5 path ida", "b\n1/290307 999999999 0 1 1", "c\n1/nobody 1 1 1 1", "d\n0/260 0 0 - ida", "e\n0/261 0 0 1/290307"];
        foreach (var name in names)
        {
            Assert.Equal(0, (await AsHalAsync("mkdir", "-p", name)).Code);
            Assert.Equal(0, (await AsHalAsync("btrfs", "subvolume", "create", $"{name}/inner")).Code);
        }

        await OfAsync("hal");
        await machine.InsideAsync("btrfs", "quota", "rescan", "-w", machine.Accounts);
        foreach (var name in names)
        {
            Assert.Equal(0, (await AsHalAsync("dd", "if=/dev/urandom", $"of={name}/inner/part", "bs=1M", "count=3", "status=none", "conv=fsync")).Code);
        }

        Assert.InRange(await OfAsync("hal"), names.Length * 3L << 20, 30L << 20);
        Assert.InRange(await OfAsync("ida"), 0, before + (1 << 20));
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
    }

    private async Task<long> UsedAsync() => Assert.Single((await machine.Panel.RequestAsync(AgentWork.Usage)).Usage, u => u.Handle == "bob").DiskBytes;

    /// <summary>A measurement, and the pass over those who crossed their limit by it.</summary>
    private async Task MeasuredAsync(ItemState wanted)
    {
        await machine.Panel.RequestAsync(AgentWork.Usage);
        var report = await machine.Panel.RequestAsync(AgentWork.Converge);
        Assert.All(report.Accounts.Single(a => a.Handle == "ann").Items.Where(i => i.Kind == "database"), i => Assert.Equal(wanted, i.State));
    }

    private Task<(int Code, string Output)> AsBobAsync(params string[] command) =>
        machine.InsideAsync(["setpriv", "--reuid=290302", "--regid=290302", "--clear-groups", "--", "env", "-C", $"{machine.Accounts}/bob", .. command]);

    private async Task<bool> MariaAsync(string sql) => (await machine.InsideAsync("setpriv", "--reuid=290301", "--regid=290301", "--clear-groups", "--",
        "mariadb", "--no-defaults", "--local-infile=1", "-S", $"/run/panel/host-{machine.Id}/mariadb/mariadb.sock", "-u", "ann_shop", $"-p{Maria.Text}", "-e", sql, "ann_shop")).Code == 0;

    private async Task<bool> PostgresAsync(string sql) => (await machine.InsideAsync("setpriv", "--reuid=290301", "--regid=290301", "--clear-groups", "--",
        "env", $"PGPASSWORD={Postgres.Text}", "psql", "-X", "-w", "-h", $"/run/panel/host-{machine.Id}/postgres", "-U", "ann_diary", "-d", "ann_diary", "-v", "ON_ERROR_STOP=1", "-c", sql)).Code == 0;
}
