extern alias agent;

using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentLifeTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task Suspending_closes_every_way_in_and_resuming_opens_them_again()
    {
        var ann = Account("ann", 290_101, machine.PublicKey, Site("ann", "web", SiteKind.Php));
        await machine.Panel.SayAsync(ann);
        await machine.UploadAsync("ann", "/sites/web/public/index.php", "<?php echo 'here';");
        Assert.Equal((HttpStatusCode.OK, "here"), await machine.GetAsync("web.ann.localhost", "/"));

        var report = await machine.Panel.SayAsync(ann with { Status = AccountStatus.Suspended });
        Assert.All(report.Items, i => Assert.Equal(ItemState.Suspended, i.State));
        var (code, text) = await machine.GetAsync("web.ann.localhost", "/");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Contains("paused", text, StringComparison.Ordinal);
        Assert.NotEqual(0, (await machine.SftpAsync("ann", "ls")).Code);
        Assert.Empty(ProcessesOf(290_101));

        report = await machine.Panel.SayAsync(ann);
        Assert.All(report.Items, i => Assert.Equal(ItemState.Live, i.State));
        Assert.Equal((HttpStatusCode.OK, "here"), await machine.GetAsync("web.ann.localhost", "/"));
        Assert.Equal(0, (await machine.SftpAsync("ann", "ls")).Code);
    }

    [RootFact]
    public async Task A_removed_account_is_gone_and_its_files_wait_in_the_trash()
    {
        var bob = Account("bob", 290_102, machine.PublicKey, Site("bob", "web", SiteKind.Php));
        await machine.Panel.SayAsync(bob);
        await machine.UploadAsync("bob", "/sites/web/public/index.php", "<?php echo 'here';");
        Assert.Equal("here", (await machine.GetAsync("web.bob.localhost", "/")).Text);

        var report = await machine.Panel.SayAsync(bob with { Status = AccountStatus.Removed });
        Assert.All(report.Items, i => Assert.Equal(ItemState.Removed, i.State));
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.bob.localhost", "/")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("getent", "passwd", "bob")).Code);
        Assert.Empty(ProcessesOf(290_102));
        Assert.Equal(0, (await machine.InsideAsync("find", $"{machine.Accounts}/.trash", "-name", "index.php", "-path", "*/bob-290102-*")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("test", "-e", $"{machine.Accounts}/bob")).Code);
    }

    [RootFact]
    public async Task A_site_and_a_key_that_are_no_more_go_and_the_account_stays()
    {
        var cat = Account("cat", 290_103, machine.PublicKey, Site("cat", "one"), Site("cat", "two"));
        await machine.Panel.SayAsync(cat);
        await machine.Panel.SayAsync(cat with { Sites = [Site("cat", "two")], Keys = [] });
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("one.cat.localhost", "/")).Code);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("two.cat.localhost", "/")).Code);
        Assert.NotEqual(0, (await machine.SftpAsync("cat", "ls")).Code);
    }

    [RootFact]
    public async Task A_bad_account_is_put_aside_with_its_reason_and_the_others_go_on()
    {
        var dan = Account("dan", 290_104, machine.PublicKey, Site("dan", "web", SiteKind.Static, "dan.example"));
        Assert.All((await machine.Panel.SayAsync(dan)).Items, i => Assert.Equal(ItemState.Live, i.State));

        var root = await machine.Panel.SayAsync(Account("root", 290_105, machine.PublicKey));
        Assert.Contains("the machine itself", Assert.Single(root.Items, i => i.Kind == "account").Message, StringComparison.Ordinal);
        var low = await machine.Panel.SayAsync(Account("low", 0, machine.PublicKey));
        Assert.Contains("uid 0", Assert.Single(low.Items, i => i.Kind == "account").Message, StringComparison.Ordinal);
        var same = await machine.Panel.SayAsync(Account("dan2", 290_104, machine.PublicKey));
        Assert.Contains("belongs to dan", Assert.Single(same.Items, i => i.Kind == "account").Message, StringComparison.Ordinal);
        Assert.NotEqual(0, (await machine.InsideAsync("getent", "passwd", "dan2")).Code);

        var eve = await machine.Panel.SayAsync(Account("eve", 290_106, "command=\"sh\" " + machine.PublicKey,
            Site("eve", "good"), Site("eve", "thief", SiteKind.Static, "dan.example"), Site("eve", "evil", SiteKind.Static, "x; root /;.example")));
        Assert.Equal(ItemState.Live, Assert.Single(eve.Items, i => i.Name == "good").State);
        Assert.Contains("another account", Assert.Single(eve.Items, i => i.Name == "thief").Message, StringComparison.Ordinal);
        Assert.Equal(ItemState.Failed, Assert.Single(eve.Items, i => i.Name == "evil").State);
        Assert.Equal(ItemState.Failed, Assert.Single(eve.Items, i => i.Kind == "key").State);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("good.eve.localhost", "/")).Code);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("dan.example", "/")).Code);
    }

    [RootFact]
    public async Task A_live_site_that_is_asked_for_in_a_way_that_cannot_be_had_stays_as_it_was()
    {
        var gil = Account("gil", 290_108, machine.PublicKey, Site("gil", "web", SiteKind.Static, "gil.example"), Site("gil", "app", SiteKind.Php));
        await machine.Panel.SayAsync(gil);
        await machine.UploadAsync("gil", "/sites/web/public/index.html", "still here");
        await machine.UploadAsync("gil", "/sites/app/public/index.php", "<?php echo 'still php';");
        var report = await machine.Panel.SayAsync(gil with
        {
            Sites = [Site("gil", "web", SiteKind.Php, "gil.example") with { PhpVersion = "5.3" }, Site("gil", "app", SiteKind.Php) with { PhpVersion = "5.3" }, Site("gil", "new", SiteKind.Static, "good.example", "gil.example.", "x/../y")],
        });
        Assert.All(report.Items.Where(i => i.Kind == "site"), i => Assert.True(i.State == ItemState.Failed && i.Message is not null));
        Assert.Equal("still here", (await machine.GetAsync("gil.example", "/")).Text);
        Assert.Equal("still php", (await machine.GetAsync("app.gil.localhost", "/")).Text);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("good.example", "/")).Code);

        await machine.Panel.SayAsync(gil with { Status = AccountStatus.Suspended, Sites = [Site("gil", "web", SiteKind.Proxy, "gil.example")] });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await machine.GetAsync("gil.example", "/")).Code);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("app.gil.localhost", "/")).Code);
    }

    [RootFact]
    public async Task Changes_by_hand_are_planned_and_healed_and_then_nothing_is_left_to_do()
    {
        await machine.Panel.SayAsync(Account("fay", 290_107, machine.PublicKey, Site("fay", "web", SiteKind.Php)));
        Assert.DoesNotContain((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!, l => l.StartsWith("fay:", StringComparison.Ordinal));
        var at = $"/srv/panel/{machine.Id}";
        File.Delete($"{at}/vhosts/web.fay.localhost/public");
        File.Delete($"{at}/keys/fay");
        await File.AppendAllTextAsync($"{at}/php/fay.conf", "; by hand\n");
        await machine.InsideAsync("chmod", "0777", $"{machine.Accounts}/fay");

        var plan = (await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!.Where(l => l.StartsWith("fay:", StringComparison.Ordinal)).ToList();
        Assert.Equal(["fay: make or mend the home", "fay: write the PHP pool and listen for it", "fay: serve web.fay.localhost", "fay: write the SFTP keys"], plan);
        var all = (await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!;
        Assert.Contains("    - ; by hand", all);
        Assert.False(File.Exists($"{at}/keys/fay"));

        await machine.Panel.RequestAsync(AgentWork.Converge);
        Assert.DoesNotContain((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!, l => l.StartsWith("fay:", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("web.fay.localhost", "/")).Code);
        Assert.Equal(0, (await machine.SftpAsync("fay", "ls")).Code);
        var drift = Assert.Single(machine.Panel.Reports.SelectMany(r => r.Drift ?? []), d => d.Handle == "fay");
        Assert.True(drift.Healed);
        Assert.Contains("    - ; by hand", drift.Lines);
    }

    [RootFact]
    public async Task A_pinned_account_is_left_as_it_was_changed_by_hand_until_panel_changes_it()
    {
        var hal = Account("hal", 290_109, machine.PublicKey, Site("hal", "web", SiteKind.Php)) with { Pinned = true };
        await machine.Panel.SayAsync(hal);
        var pool = $"/srv/panel/{machine.Id}/php/hal.conf";
        await File.AppendAllTextAsync(pool, "; hal's own\n");
        await machine.Panel.RequestAsync(AgentWork.Converge);
        Assert.Contains("; hal's own", await File.ReadAllTextAsync(pool), StringComparison.Ordinal);
        var left = Assert.Single(machine.Panel.Reports[^1].Drift!, d => d.Handle == "hal");
        Assert.False(left.Healed);
        Assert.Contains("    - ; hal's own", left.Lines);

        await machine.Panel.SayAsync(hal with { Pinned = false });
        Assert.DoesNotContain("; hal's own", await File.ReadAllTextAsync(pool), StringComparison.Ordinal);
    }
}
