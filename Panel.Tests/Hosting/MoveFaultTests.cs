namespace Panel.Tests.Hosting;

/// <summary>Agents that die in the middle of a move, and moves that cannot be.</summary>
public sealed class MoveFaultTests : IAsyncLifetime
{
    private readonly TwoHosts house = new(standing: false);

    public Task InitializeAsync() => house.InitializeAsync();

    public Task DisposeAsync() => house.DisposeAsync();

    [RootFact]
    public async Task A_large_tree_goes_on_where_it_was_when_either_agent_was_killed_and_a_move_that_cannot_be_goes_back()
    {
        var (one, two) = (house.One, house.Two);
        var ann = await house.MemberAsync("ann", "one");
        await house.SiteAsync(ann, "web", "static");
        await house.LiveAsync("ann", "web");
        await one.UploadAsync("ann", "/sites/web/public/index.html", "hello from ann");
        var uid = 200_000 + (int)ann.MemberId!;
        await FillAsync(one, uid, 4000);

        var moving = house.MoveAsync("ann", "two");
        await AgentMachine.UntilAsync(async () => await ArrivedAsync(two) > 300);
        await two.KillAgentAsync();
        await two.StartAgentAsync();
        var kept = await ArrivedAsync(two);
        await AgentMachine.UntilAsync(async () => await ArrivedAsync(two) > kept + 100 || moving.IsCompleted);
        await one.KillAgentAsync();
        await one.StartAgentAsync();
        var moved = await moving;
        Assert.True(moved.State == "kept", $"{moved.Reason}\n{string.Join('\n', moved.Steps)}\n{string.Join('\n', one.Said)}\n{string.Join('\n', two.Said)}");
        Assert.True(moved.Report!.Same, string.Join('\n', moved.Report.Differences));
        Assert.True(moved.Report.To.Files > 4000);
        Assert.Equal("hello from ann", await house.FromTwoAsync("web.ann.localhost", "/"));
        Assert.True(moved.Steps.Count(s => s.Contains(" copying", StringComparison.Ordinal)) > 1, string.Join('\n', moved.Steps));
        // Where it was: what had arrived did not go over again.
        var sent = moved.Steps.Single(s => s.EndsWith(" entries went over", StringComparison.Ordinal)).Split(' ')[^4];
        Assert.InRange(int.Parse(sent, System.Globalization.CultureInfo.InvariantCulture), 0, 3900);

        await Somebody_elses_user_on_the_new_host_sends_it_back(one, two);
    }

    private async Task Somebody_elses_user_on_the_new_host_sends_it_back(AgentMachine one, AgentMachine two)
    {
        var bob = await house.MemberAsync("bob", "one");
        await house.SiteAsync(bob, "web", "static");
        await house.LiveAsync("bob", "web");
        await one.UploadAsync("bob", "/home/letter", "dear ann");
        Assert.Equal(0, (await two.InsideAsync("groupadd", "bob")).Code);
        var moved = await house.MoveAsync("bob", "two");
        Assert.Equal("failed", moved.State);
        Assert.Contains("the machine itself", moved.Reason, StringComparison.Ordinal);
        await AgentMachine.UntilAsync(async () => (await house.App.SiteAsync(PanelApp.Admin, "bob", "web")).State == "live");
        Assert.Equal(0, (await one.SftpAsync("bob", "ls /home/letter")).Code);
    }

    private static Task FillAsync(AgentMachine machine, int uid, int files) => AsAsync(machine, uid, "bash", "-c",
        $"mkdir -p {machine.Accounts}/ann/home/tree && cd {machine.Accounts}/ann/home/tree && for i in $(seq {files}); do mkdir -p $((i % 40)); printf '%0*d' $((i * 7 % 9000 + 1)) $i > $((i % 40))/$i; done");

    private static async Task<int> ArrivedAsync(AgentMachine two) =>
        (await two.InsideAsync("find", $"{two.Accounts}/ann/home/tree", "-type", "f")).Output.Split('\n').Count(l => l.StartsWith('/'));

    private static async Task AsAsync(AgentMachine machine, int uid, params string[] command)
    {
        var (code, output) = await machine.InsideAsync(["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--", .. command]);
        Assert.True(code == 0, output);
    }
}
