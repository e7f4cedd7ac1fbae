extern alias agent;

using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentFaultTests : IAsyncLifetime, IDisposable
{
    private readonly AgentMachine machine = new();

    public Task InitializeAsync() => machine.InitializeAsync();

    public Task DisposeAsync() => machine.DisposeAsync();

    public void Dispose() => machine.Dispose();

    [RootFact]
    public async Task A_killed_agent_finds_its_daemons_again_and_goes_on()
    {
        var ann = Account("ann", 290_201, machine.PublicKey, Site("ann", "web", SiteKind.Php));
        await machine.Panel.SayAsync(ann);
        await machine.UploadAsync("ann", "/sites/web/public/index.php", "<?php echo getmypid() > 0 ? 'here' : '';");
        Assert.Equal("here", (await machine.GetAsync("web.ann.localhost", "/")).Text);
        var before = Daemons();
        Assert.Equal(3, before.Count);

        await machine.KillAgentAsync();
        Assert.Equal("here", (await machine.GetAsync("web.ann.localhost", "/")).Text);
        await machine.StartAgentAsync();
        Assert.Equal(before, Daemons());
        Assert.True((await machine.Panel.RequestAsync(AgentWork.Converge)).Facts.QuotaEnforced);
        Assert.Equal("here", (await machine.GetAsync("web.ann.localhost", "/")).Text);
        await UntilAsync(() => ProcessesOf(290_201).Count == 0);
        Assert.Equal("here", (await machine.GetAsync("web.ann.localhost", "/")).Text);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
    }

    [RootFact]
    public async Task Killed_at_any_moment_of_a_change_it_converges()
    {
        for (var i = 0; i < 6; i++)
        {
            var said = machine.Panel.SayAsync(Account($"m{i}x", 290_210 + i, machine.PublicKey, Site($"m{i}x", "web", i % 2 == 0 ? SiteKind.Php : SiteKind.Static)));
            await Task.WhenAny(said, Task.Delay(20 * i));
            await machine.KillAgentAsync();
            await machine.StartAgentAsync();
            Assert.All((await said).Items, item => Assert.Equal(ItemState.Live, item.State));
            Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync($"web.m{i}x.localhost", "/")).Code);
        }

        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
        Assert.Equal(2, Daemons().Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries($"/srv/panel/{machine.Id}/staging"));
    }

    [RootFact]
    public async Task Dead_daemons_are_started_again()
    {
        await machine.Panel.SayAsync(Account("bob", 290_220, machine.PublicKey, Site("bob", "web")));
        foreach (var (_, pid) in Daemons())
        {
            await RunAsync("kill", "-KILL", pid);
        }

        await UntilAsync(() => Daemons().Count == 2);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("web.bob.localhost", "/")).Code);

        // A process is there a moment before it listens.
        await UntilAsync(async () => (await machine.SftpAsync("bob", "ls")).Code == 0);
    }

    [RootFact]
    public async Task Class_16b_a_restored_database_takes_nothing_away_and_what_it_does_not_know_is_an_orphan()
    {
        var cat = Account("cat", 290_230, machine.PublicKey, Site("cat", "web"), Site("cat", "new"));
        await machine.Panel.SayAsync(cat);
        await machine.Panel.SayAsync(Account("dan", 290_231, machine.PublicKey, Site("dan", "web")));
        await machine.Panel.SayAsync(Account("eve", 290_232, machine.PublicKey, Site("eve", "web")));

        (machine.Panel.Epoch, machine.Panel.RemovalsConfirmed) = ("two", false);
        machine.Panel.Forget("dan");
        await machine.Panel.SayAsync(cat with { Sites = [Site("cat", "web")] });
        var eve = await machine.Panel.SayAsync(Account("eve", 290_232, machine.PublicKey) with { Status = AccountStatus.Removed });
        Assert.Contains("confirmed", Assert.Single(eve.Items, i => i.Kind == "account").Message, StringComparison.Ordinal);
        Assert.Equal(["dan"], machine.Panel.Reports[^1].Orphans);
        foreach (var host in new[] { "web.cat.localhost", "new.cat.localhost", "web.dan.localhost", "web.eve.localhost" })
        {
            Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync(host, "/")).Code);
        }

        machine.Panel.RemovalsConfirmed = true;
        await machine.Panel.RequestAsync(AgentWork.Converge);
        await UntilAsync(async () => (await machine.GetAsync("web.eve.localhost", "/")).Code == HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("new.cat.localhost", "/")).Code);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("web.dan.localhost", "/")).Code);
    }

    [RootFact]
    public async Task Without_panel_a_restart_serves_on_and_undo_leaves_only_data()
    {
        await machine.Panel.SayAsync(Account("fay", 290_240, machine.PublicKey, Site("fay", "web", SiteKind.Php)));
        await machine.UploadAsync("fay", "/sites/web/public/index.php", "<?php echo 'here';");
        await machine.Panel.DisposeAsync();
        Assert.Equal(0, await machine.StopAgentAsync());
        Assert.Empty(Daemons());
        Assert.Empty(ProcessesOf(290_240));

        await machine.StartAgentAsync();
        Assert.Equal("here", (await machine.GetAsync("web.fay.localhost", "/")).Text);
        await machine.KillAgentAsync();
        Assert.Equal(0, await machine.RunAgentAsync("--undo"));
        Assert.Empty(ProcessesOf(290_240));
        Assert.NotEqual(0, (await machine.InsideAsync("getent", "passwd", "fay")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("grep", "extrausers", "/etc/nsswitch.conf")).Code);
        Assert.NotEqual(0, (await machine.InsideAsync("mountpoint", "-q", machine.Accounts)).Code);
        Assert.False(Directory.Exists($"/run/panel/host-{machine.Id}"));

        await machine.StartAgentAsync();
        await UntilAsync(async () => (await machine.GetAsync("web.fay.localhost", "/")).Text == "here");
    }

    /// <summary>Name and pid of every daemon that is recorded and alive.</summary>
    private List<(string Name, string Pid)> Daemons() =>
        [.. Records().Select(f => (Path.GetFileName(f), File.ReadAllText(f).Split(' ')[0]))
            .Where(d => agent::Panel.Agent.Running.Of(int.Parse(d.Item2, CultureInfo.InvariantCulture)) is not null).Order()];

    private IEnumerable<string> Records() =>
        Directory.Exists($"/run/panel/host-{machine.Id}/daemons") ? Directory.EnumerateFiles($"/run/panel/host-{machine.Id}/daemons") : [];
}
