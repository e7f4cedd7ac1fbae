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
    public async Task Class_15_holes_many_small_files_tmp_sessions_and_nested_subvolumes_all_count_and_are_stopped()
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
