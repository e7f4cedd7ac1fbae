using System.Globalization;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Tests.Hosting;

/// <summary>Two real hosts, the second in a network of its own, and the real Panel between them.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private readonly TwoHosts house = new();

    public Task InitializeAsync() => house.InitializeAsync();

    public Task DisposeAsync() => house.DisposeAsync();

    [RootFact]
    public async Task An_account_moves_while_its_owner_goes_on_writing_and_no_write_is_lost()
    {
        var (one, two) = (house.One, house.Two);
        var ann = await house.MemberAsync("ann", "one");
        var (maria, postgres) = (await house.DatabaseAsync(ann, "shop", "mariadb"), await house.DatabaseAsync(ann, "diary", "postgres"));
        await house.SiteAsync(ann, "web", "static");
        await house.SiteAsync(ann, "app", "php");
        await house.LiveAsync("ann", "app");
        await one.UploadAsync("ann", "/sites/web/public/index.html", "hello from ann");
        await one.UploadAsync("ann", "/sites/app/public/index.php", Guestbook(maria, postgres));
        Assert.Equal("0 0 0", (await one.GetAsync("app.ann.localhost", "/?setup=1")).Text);
        Assert.Equal(0, (await one.SftpAsync("ann", "mkdir /home/box", "chmod 0555 /home/box", "symlink /etc/passwd /home/link", "mkdir /home/deep")).Code);

        using var stop = new CancellationTokenSource();
        var writer = WriteAsync(one, two, stop.Token);
        await AgentMachine.UntilAsync(() => Written.Count > 20);
        var moved = await house.MoveAsync("ann", "two");
        Assert.True(moved.State == "kept", $"{moved.Reason}\n{string.Join('\n', moved.Steps)}\n{string.Join('\n', one.Said)}\n{string.Join('\n', two.Said)}");
        Assert.True(moved.Report!.Same, string.Join('\n', moved.Report.Differences));
        var count = Written.Count;
        await AgentMachine.UntilAsync(() => Written.Count > count + 20);
        await stop.CancelAsync();
        await writer;

        Assert.Equal("hello from ann", await house.FromTwoAsync("web.ann.localhost", "/"));
        var kept = (await house.FromTwoAsync("app.ann.localhost", "/?all=1")).Split('\n');
        Assert.Empty(Written.Where(w => w[0] != 's').Except(kept[0].Split(' ')));
        Assert.Empty(Written.Where(w => w[0] != 's').Except(kept[1].Split(' ')));
        Assert.Empty(Written.Where(w => w[0] != 's').Except(kept[2].Split(' ')));
        var files = (await two.SftpAsync("ann", "ls -1 /home/deep")).Output;
        Assert.All(Written.Where(w => w[0] == 's'), w => Assert.Contains($"/{w}\n", files, StringComparison.Ordinal));
        Assert.Contains(Written, w => w[0] == 's');

        await OldCopyIsOutOfServiceAndGoesAfterAWeekAsync(one);
        await Class_16b_RemovedItIsArchivedAndErasedByAnExplicitStateOnlyAsync(two);
    }

    private async Task OldCopyIsOutOfServiceAndGoesAfterAWeekAsync(AgentMachine one)
    {
        await one.SoonAsync(async () => (await one.GetAsync("web.ann.localhost", "/")).Code == System.Net.HttpStatusCode.NotFound);
        Assert.NotEqual(0, (await one.SftpAsync("ann", "ls")).Code);
        Assert.Equal(0, (await one.InsideAsync("test", "-f", $"{one.Accounts}/ann/sites/web/public/index.html")).Code);
        house.Time.Advance(Move.Keep - TimeSpan.FromMinutes(1));
        await house.ContinueAsync();
        Assert.Equal("kept", (await house.LastMoveAsync("ann")).State);
        house.Time.Advance(TimeSpan.FromMinutes(1));
        await house.ContinueAsync();
        await AgentMachine.UntilAsync(async () => (await house.LastMoveAsync("ann")).State == "done");
        Assert.NotEqual(0, (await one.InsideAsync("getent", "passwd", "ann")).Code);
        Assert.Equal("", (await one.InsideAsync("find", one.Accounts, $"{one.Accounts}/.trash", "-mindepth", "1", "-maxdepth", "1", "-name", "*ann*")).Output);
        Assert.Equal("hello from ann", await house.FromTwoAsync("web.ann.localhost", "/"));
    }

    private async Task Class_16b_RemovedItIsArchivedAndErasedByAnExplicitStateOnlyAsync(AgentMachine two)
    {
        Task<bool> InTrashAsync() => two.InsideAsync("find", $"{two.Accounts}/.trash", "-name", "words", "-path", "*ann*").ContinueWith(f => f.Result.Output.Length > 0, TaskScheduler.Default);
        await house.RemoveAsync("ann");
        await AgentMachine.UntilAsync(async () => (await two.InsideAsync("getent", "passwd", "ann")).Code != 0);
        await AgentMachine.UntilAsync(async () =>
        {
            await house.RemovalsAsync();
            return (await house.BackupsAsync("ann")).Count == 1;
        });
        Assert.Empty((await house.BackupsAsync("ann"))[0].Notes);
        house.Time.Advance(Removals.Grace - TimeSpan.FromMinutes(1));
        await house.SeenAsync();
        await house.RemovalsAsync();
        Assert.True(await InTrashAsync());

        // A restored database knows a removal whose time has come; nothing goes before an admin has looked.
        house.Time.Advance(TimeSpan.FromMinutes(1));
        await house.RestoreAsync();
        await house.SeenAsync();
        await house.RemovalsAsync();
        await house.ConvergeAsync("two");
        Assert.True(await InTrashAsync());
        Assert.Contains("ann", (await two.InsideAsync("ls", $"{two.Data}/backups")).Output, StringComparison.Ordinal);

        await house.ConfirmAsync("two");
        await house.RemovalsAsync();
        await AgentMachine.UntilAsync(async () => !await InTrashAsync());
        Assert.Equal("", (await two.InsideAsync("find", $"{two.Accounts}/.trash", "-name", "*ann*")).Output);
        Assert.Contains("ann.key", (await two.InsideAsync("ls", $"{two.Data}/backups")).Output, StringComparison.Ordinal);
        house.Time.Advance(Removals.ArchiveLife);
        await house.SeenAsync();
        await AgentMachine.UntilAsync(async () =>
        {
            await house.RemovalsAsync();
            return (await house.BackupsAsync("ann")).Count == 0;
        });
        Assert.DoesNotContain("ann", (await two.InsideAsync("ls", $"{two.Data}/backups")).Output, StringComparison.Ordinal);
    }

    private System.Collections.Concurrent.ConcurrentBag<string> Written { get; } = [];

    /// <summary>Writes by the site into a file and both databases, and by SFTP, to wherever the account is open; what was confirmed is remembered.</summary>
    private async Task WriteAsync(AgentMachine one, AgentMachine two, CancellationToken ct)
    {
        for (var i = 0; !ct.IsCancellationRequested; i++)
        {
            foreach (var word in new[] { $"w{i}" })
            {
                var answer = await one.GetAsync("app.ann.localhost", $"/?add={word}");
                var text = answer.Code == System.Net.HttpStatusCode.OK ? answer.Text : await house.FromTwoAsync("app.ann.localhost", $"/?add={word}");
                if (text == "written")
                {
                    Written.Add(word);
                }
            }

            if (i % 10 == 0)
            {
                foreach (var machine in new[] { one, two })
                {
                    if ((await machine.SftpAsync("ann", $"put {machine.KeyFile}.pub /home/deep/s{i}")).Code == 0)
                    {
                        Written.Add($"s{i}");
                        break;
                    }
                }
            }
        }
    }

    private static string Guestbook(DatabaseOpened maria, DatabaseOpened postgres) => string.Create(CultureInfo.InvariantCulture, $$"""
        <?php
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $run = '/run/panel/host-' . explode('/', $_SERVER['DOCUMENT_ROOT'])[3];
        $maria = new mysqli(null, 'ann_shop', '{{maria.Password}}', 'ann_shop', 0, "$run/mariadb/mariadb.sock");
        $post = new PDO("pgsql:host=$run/postgres;dbname=ann_diary", 'ann_diary', '{{postgres.Password}}', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $file = dirname($_SERVER['DOCUMENT_ROOT'], 3) . '/home/words';
        if (isset($_GET['setup'])) { $maria->query('CREATE TABLE w (w varchar(40))'); $post->exec('CREATE TABLE w (w varchar(40))'); touch($file); echo '0 0 0'; exit; }
        if (isset($_GET['add'])) {
          $w = $_GET['add'];
          file_put_contents($file, "$w ", FILE_APPEND | LOCK_EX);
          $maria->query("INSERT INTO w VALUES ('$w')"); $post->exec("INSERT INTO w VALUES ('$w')");
          echo 'written'; exit;
        }
        echo file_get_contents($file), "\n";
        foreach ($maria->query('SELECT w FROM w') as $r) echo $r['w'], ' ';
        echo "\n";
        foreach ($post->query('SELECT w FROM w') as $r) echo $r['w'], ' ';
        """);
}
