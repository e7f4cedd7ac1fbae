extern alias agent;

using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task A_static_site_is_live_from_an_upload_by_sftp()
    {
        await LiveAsync("ann", 290_001, Site("ann", "web"));
        Assert.Contains("ready", (await machine.GetAsync("web.ann.localhost", "/")).Text, StringComparison.Ordinal);
        await machine.UploadAsync("ann", "/sites/web/public/index.html", "hello from ann");
        Assert.Equal((HttpStatusCode.OK, "hello from ann"), await machine.GetAsync("web.ann.localhost", "/"));
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.ann.localhost", "/nothing")).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("unknown.ann.localhost", "/")).Code);
    }

    [RootFact]
    public async Task A_php_site_runs_as_its_member_sleeps_when_idle_and_wakes_at_the_next_request()
    {
        await LiveAsync("bea", 290_002, Site("bea", "app", SiteKind.Php));
        Assert.Empty(ProcessesOf(290_002));
        await machine.UploadAsync("bea", "/sites/app/public/index.php", "<?php echo posix_getuid(), ' ', $_SERVER['REQUEST_URI'], ' ', ini_get('open_basedir'), file_put_contents(sys_get_temp_dir().'/x', 'y');");
        var (code, text) = await machine.GetAsync("app.bea.localhost", "/some/page?x=1");
        Assert.Equal((HttpStatusCode.OK, $"290002 /some/page?x=1 {machine.Accounts}/bea/1"), (code, text));
        await UntilAsync(() => ProcessesOf(290_002).Count == 0);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("app.bea.localhost", "/")).Code);
    }

    [RootFact]
    public async Task Requests_at_the_moment_a_master_is_killed_are_all_answered()
    {
        await LiveAsync("bob", 290_003, Site("bob", "app", SiteKind.Php));
        await machine.UploadAsync("bob", "/sites/app/public/index.php", "<?php echo 'ok';");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal((HttpStatusCode.OK, "ok"), await machine.GetAsync("app.bob.localhost", "/"));
            if (Master(machine.Id, "bob") is { } master)
            {
                await RunAsync("kill", "-KILL", master);
            }
        }

        await UntilAsync(() => ProcessesOf(290_003).Count == 0);
    }

    [RootFact]
    public async Task Class_14_and_16b_no_member_reaches_another_by_link_php_or_sftp()
    {
        await LiveAsync("cat", 290_004, Site("cat", "web"));
        await LiveAsync("dan", 290_005, Site("dan", "web", SiteKind.Php));
        await machine.UploadAsync("cat", "/sites/web/public/secret.html", "secret of cat");
        await machine.UploadAsync("dan", "/sites/web/public/own.html", "own");
        var (code, output) = await machine.SftpAsync("dan", "cd /sites/web/public", $"symlink {machine.Accounts}/cat/sites/web/public/secret.html stolen.html", "symlink own.html mine.html");
        Assert.True(code == 0, output);
        Assert.Equal("own", (await machine.GetAsync("web.dan.localhost", "/mine.html")).Text);
        Assert.DoesNotContain("secret of cat", (await machine.GetAsync("web.dan.localhost", "/stolen.html")).Text, StringComparison.Ordinal);

        await machine.UploadAsync("dan", "/sites/web/public/read.php", $"<?php echo @file_get_contents('{machine.Accounts}/cat/sites/web/public/secret.html') ?: 'refused';");
        Assert.Equal("refused", (await machine.GetAsync("web.dan.localhost", "/read.php")).Text);
        Assert.NotEqual(0, (await machine.SftpAsync("dan", "ls ../../../cat")).Code);
        Assert.NotEqual(0, (await machine.SftpAsync("dan", "rename /sites/web/public /sites/web/other")).Code);
        Assert.NotEqual(0, (await machine.SftpAsync("dan", "mkdir /sites/web/x")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("setpriv", "--reuid=290005", "--regid=290005", "--clear-groups", "ls", $"{machine.Accounts}/cat")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("setpriv", "--reuid=290005", "--regid=290005", "--clear-groups", "ls", $"/run/panel/host-{machine.Id}/php")).Code);
    }

    [RootFact]
    public async Task Hidden_files_and_programs_of_a_static_site_are_not_given_out()
    {
        await LiveAsync("eli", 290_006, Site("eli", "web"));
        await machine.UploadAsync("eli", "/sites/web/public/.env", "password");
        await machine.UploadAsync("eli", "/sites/web/public/a.php", "<?php secret");
        Assert.Equal(0, (await machine.SftpAsync("eli", "mkdir /sites/web/public/.well-known")).Code);
        await machine.UploadAsync("eli", "/sites/web/public/.well-known/security.txt", "mail us");
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.eli.localhost", "/.env")).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.eli.localhost", "/a.php")).Code);
        Assert.Equal("mail us", (await machine.GetAsync("web.eli.localhost", "/.well-known/security.txt")).Text);
    }

    [RootFact]
    public async Task Class_1_hostile_host_names_end_at_the_default_and_nobody_else_notices()
    {
        await LiveAsync("fay", 290_007, Site("fay", "web", SiteKind.Static, "fay.example"));
        foreach (var name in new[] { "../accounts/fay", "..", "FAY.EXAMPLE/../x", "_default", "a b", "", ".", "fay.example:1/..", "fay.example%2f", new string('a', 300) })
        {
            var (_, output) = await RunAsync("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", $"Host: {name}", $"http://127.0.0.1:{machine.HttpPort}/");
            Assert.Contains(output.Trim(), new[] { "400", "404", "000" });
        }

        foreach (var sni in new[] { "../accounts/fay", "x/../fay.example", "FAY.EXAMPLE", "_default" })
        {
            var (_, output) = await RunAsync("openssl", "s_client", "-connect", $"127.0.0.1:{machine.HttpsPort}", "-servername", sni);
            Assert.Contains("CN = localhost", output, StringComparison.Ordinal);
        }

        Assert.Equal("200", (await RunAsync("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--resolve", $"fay.example:{machine.HttpsPort}:127.0.0.1", $"https://fay.example:{machine.HttpsPort}/")).Output);
        Assert.Equal("200", (await RunAsync("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: FAY.example.", $"http://127.0.0.1:{machine.HttpPort}/")).Output);
    }

    [RootFact]
    public async Task The_disk_limit_holds_and_its_use_is_told()
    {
        var account = await LiveAsync("gus", 290_008, Site("gus", "web"));
        var (code, output) = await machine.InsideAsync("setpriv", "--reuid=290008", "--regid=290008", "--clear-groups", "dd", "if=/dev/zero", $"of={machine.Accounts}/gus/home/big", "bs=1M", "count=80");
        Assert.NotEqual(0, code);
        Assert.Contains("quota exceeded", output, StringComparison.OrdinalIgnoreCase);
        var report = await machine.Panel.RequestAsync(AgentWork.Usage);
        var usage = Assert.Single(report.Usage, u => u.Handle == "gus");
        Assert.True(usage.Enforced);
        Assert.Equal(account.DiskLimitBytes, usage.LimitBytes);
        Assert.InRange(usage.DiskBytes, 30 << 20, 51 << 20);

        var raised = await machine.Panel.SayAsync(account with { DiskLimitBytes = 200L << 20 });
        Assert.All(raised.Items, i => Assert.Equal(ItemState.Live, i.State));
        Assert.Equal(0, (await machine.InsideAsync("setpriv", "--reuid=290008", "--regid=290008", "--clear-groups", "dd", "if=/dev/zero", $"of={machine.Accounts}/gus/home/big", "bs=1M", "count=80")).Code);
    }

    private async Task<AccountState> LiveAsync(string handle, int uid, params SiteState[] sites)
    {
        var account = Account(handle, uid, machine.PublicKey, sites);
        var report = await machine.Panel.SayAsync(account);
        Assert.All(report.Items, i => Assert.True(i.State == ItemState.Live, $"{i}\n{string.Join('\n', machine.Said)}"));
        return account;
    }
}
