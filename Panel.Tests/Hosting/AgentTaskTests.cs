extern alias agent;

using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

public sealed class AgentTaskTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task A_task_runs_as_its_member_in_the_home_with_its_arguments_as_they_are()
    {
        var run = await RunAsync("ann", 290_301, "/usr/bin/python3", "-c", "import os,sys;print(os.getuid(),os.getgroups(),os.getcwd(),sys.argv[1:],open('/proc/self/status').read().count('NoNewPrivs:\\t1'))", "a b", "$(id)", "; id", "");
        Assert.Equal($"290301 [] {machine.Accounts}/ann/home ['a b', '$(id)', '; id', ''] 1\n", run.Output);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(3, (await RunAsync("ann", 290_301, "/usr/bin/python3", "-c", "import sys;sys.exit(3)")).ExitCode);
    }

    [RootFact]
    public async Task Class_14_a_task_reads_nothing_of_another_member_or_of_the_house()
    {
        await LiveAsync(Account("bob", 290_303, machine.PublicKey, Site("bob", "web")));
        foreach (var path in new[] { $"{machine.Accounts}/bob/home", "/etc/shadow", $"/srv/panel/{machine.Id}/state/desired.json", $"/srv/panel/{machine.Id}/host-log", $"/run/panel/host-{machine.Id}/php", machine.KeyFile })
        {
            Assert.NotEqual(0, (await RunAsync("bea", 290_302, "/bin/ls", path == machine.KeyFile ? "/root" : path + "/")).ExitCode);
        }
    }

    [RootFact]
    public async Task Class_19_its_output_is_cut_and_a_run_over_its_limit_ends_with_all_it_started()
    {
        var loud = await RunAsync("cat", 290_304, "/usr/bin/python3", "-c", "import sys;sys.stdout.write('x'*(1<<24))");
        Assert.Equal((64 << 10, 0), (loud.Output.Length, loud.ExitCode ?? -1));

        // It forks away into a session of its own, deaf to polite signals.
        const string Clinging = "import os,signal,time\nfor i in range(3):\n  if os.fork()==0: os.setsid()\nsignal.signal(15,signal.SIG_IGN)\nprint('on',flush=True)\ntime.sleep(600)";
        var account = Account("cat", 290_304, machine.PublicKey) with { Tasks = [new("t", "168h", ["/usr/bin/python3", "-c", Clinging], 1)] };
        await LiveAsync(account);
        var late = (await machine.Panel.RequestAsync(AgentWork.Task, "cat", "t")).Runs!.Single();
        Assert.Null(late.ExitCode);
        Assert.Contains("limit of 1 seconds", late.Note, StringComparison.Ordinal);
        Assert.StartsWith("on", late.Output, StringComparison.Ordinal);
        await UntilAsync(() => ProcessesOf(290_304).Count == 0);
    }

    [RootFact]
    public async Task Two_runs_of_one_task_never_overlap_and_a_suspended_member_runs_nothing()
    {
        var account = Account("dan", 290_305, machine.PublicKey) with { Tasks = [new("slow", "168h", ["/bin/sleep", "600"], 700)] };
        await LiveAsync(account);
        var first = machine.Panel.RequestAsync(AgentWork.Task, "dan", "slow");
        await UntilAsync(() => ProcessesOf(290_305).Count > 0);
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Task, "dan", "slow")).Failure);
        await machine.Panel.SayAsync(account with { Status = AccountStatus.Suspended });
        Assert.NotEqual(0, (await first).Runs!.Single().ExitCode);
        Assert.Empty(ProcessesOf(290_305));
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Task, "dan", "slow")).Failure);
    }

    [RootFact]
    public async Task What_is_due_runs_by_itself_and_is_told_once()
    {
        await LiveAsync(Account("eve", 290_306, machine.PublicKey) with { Tasks = [new("tick", "1m", ["/bin/echo", "tick"], 5)] });
        // Up to a minute until it is due, and then it has to run and be told.
        var told = await machine.Panel.HeardAsync(r => r.Runs?.Any(x => x.Handle == "eve") == true, TimeSpan.FromSeconds(120));
        Assert.Equal("tick\n", told.Runs!.First(r => r.Handle == "eve").Output);
    }

    private async Task<TaskRun> RunAsync(string handle, int uid, params string[] arguments)
    {
        await LiveAsync(Account(handle, uid, machine.PublicKey) with { Tasks = [new("t", "168h", arguments, 20)] });
        return (await machine.Panel.RequestAsync(AgentWork.Task, handle, "t")).Runs!.Single();
    }

    private async Task LiveAsync(AccountState account) =>
        Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.True(i.State == ItemState.Live, $"{i}\n{string.Join('\n', machine.Said)}"));
}
