extern alias agent;

using System.Text;
using agent::Panel.Hosting;
using Panel.Services.Finger;
using Panel.Tests.Finger;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>The real agent with real SFTP: plans in the homes of members.</summary>
public sealed class AgentHomesTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task A_plan_put_by_sftp_is_in_finger_the_feed_and_the_timeline_of_another_house_within_one_refresh()
    {
        var time = new ManualTime();
        using var there = new PanelApp(more: ("Finger:Host", "there.example")) { Time = time };
        using var here = FingerSteps.House(time: time);
        var (bob, ann) = (await there.MemberAsync("bob"), await here.MemberAsync("ann"));
        await using var server = await there.ListenAsync();
        Assert.Null((await here.FollowAsync(ann, "ann", $"bob@127.0.0.1:{server.EndPoint.Port}")).Refused);
        await LiveAsync("bob", 290_051);

        await machine.UploadAsync("bob", "/home/.plan", "Building.\n{\"messages\":[{\"text\":\"by sftp, like 2010\",\"time\":20261122115800}]}\n");
        var told = (await HeardAsync(r => HomeOf(r, "bob") is { Content.Length: > 0 })).Homes!.Single(h => h.Handle == "bob");
        using var link = there.AgentLink();
        await HomesTests.TellAsync(link, told.Handle, told.File, Convert.FromBase64String(told.Content!), told.Problem);

        Assert.Contains("\"by sftp, like 2010\"", await there.AskAsync("bob"), StringComparison.Ordinal);
        Assert.Contains("by sftp, like 2010", await there.Visitor().GetStringAsync("/~bob/atom.xml"), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await here.RefreshAsync()).Asked);
        Assert.Equal("by sftp, like 2010", Assert.Single(await here.TimelineAsync(ann, "ann")).Text);
    }

    [RootFact]
    public async Task A_plan_of_the_panel_is_written_as_the_member_unless_theirs_has_changed()
    {
        var account = await LiveAsync("ida", 290_052);
        await machine.Panel.SayAsync(account with { Home = new HomeState(new HomeFile("Zürich\n", ""), new HomeFile("Stairs\n", "")) });
        await UntilAsync(async () => await CatAsync(290_052, "ida", ".plan") == "Zürich\n" && await CatAsync(290_052, "ida", ".project") == "Stairs\n");
        Assert.Equal("290052:290052 644", (await machine.InsideAsync("stat", "-c", "%u:%g %a", $"{machine.Accounts}/ida/home/.plan")).Output.Trim());
        var first = (await HeardAsync(r => HomeOf(r, "ida") is { } h && h.Content is { } c && Encoding.UTF8.GetString(Convert.FromBase64String(c)) == "Zürich\n")).Homes!;

        await machine.UploadAsync("ida", "/home/.plan", "my own\n");
        await HeardAsync(r => HomeOf(r, "ida") is { } h && h.Content is { } c && Encoding.UTF8.GetString(Convert.FromBase64String(c)) == "my own\n");
        var seen = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Convert.FromBase64String(first.First(h => h.File == "plan").Content!)));
        await machine.Panel.SayAsync(account with { Home = new HomeState(new HomeFile("from the panel\n", seen), new HomeFile("Stairs 2\n", Hash("Stairs\n"))) });
        await UntilAsync(async () => await CatAsync(290_052, "ida", ".project") == "Stairs 2\n");
        Assert.Equal("my own\n", await CatAsync(290_052, "ida", ".plan"));

        await machine.Panel.SayAsync(account with { Home = new HomeState(new HomeFile("from the panel\n", Hash("my own\n")), null) });
        await UntilAsync(async () => await CatAsync(290_052, "ida", ".plan") == "from the panel\n");
        Assert.Equal("my own\n", await CatAsync(290_052, "ida", ".plan~"));
    }

    [RootFact]
    public async Task Class_4_links_pipes_and_huge_files_are_told_as_such_and_never_read()
    {
        await LiveAsync("jon", 290_053);
        await machine.InsideAsync("setpriv", "--reuid=290053", "--regid=290053", "--clear-groups", "ln", "-s", "/etc/passwd", $"{machine.Accounts}/jon/home/.plan");
        await machine.InsideAsync("setpriv", "--reuid=290053", "--regid=290053", "--clear-groups", "mkfifo", $"{machine.Accounts}/jon/home/.project");
        await HeardAsync(r => r.Homes?.Any(h => h is { Handle: "jon", File: "plan", Content: null, Problem: "~/.plan is not a regular file." }) == true);
        await HeardAsync(r => r.Homes?.Any(h => h is { Handle: "jon", File: "project", Content: null, Problem: "~/.project is not a regular file." }) == true);

        await machine.InsideAsync("setpriv", "--reuid=290053", "--regid=290053", "--clear-groups", "rm", $"{machine.Accounts}/jon/home/.plan");
        await machine.UploadAsync("jon", "/home/.plan", new string('x', 70_000));
        await HeardAsync(r => r.Homes?.Any(h => h is { Handle: "jon", Content: null, Problem: "~/.plan is larger than 64 KiB." }) == true);
        Assert.DoesNotContain(machine.Panel.Reports, r => r.Homes?.Any(h => h is { Handle: "jon", Content: not null }) == true);
    }

    private async Task<HostReport> HeardAsync(Func<HostReport, bool> wanted)
    {
        try
        {
            return await machine.Panel.HeardAsync(wanted);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(string.Join('\n', machine.Said.Concat(machine.Panel.Reports.SelectMany(r => r.Homes ?? []).Select(h => $"{h.Handle} .{h.File}: {h.Content?.Length} {h.Problem}"))));
        }
    }

    private static HomeReport? HomeOf(HostReport report, string handle) => report.Homes?.LastOrDefault(h => h.Handle == handle && h.File == "plan");

    private static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private async Task<string> CatAsync(int uid, string handle, string file) => (await machine.InsideAsync(
        "setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "cat", $"{machine.Accounts}/{handle}/home/{file}")).Output;

    private async Task<AccountState> LiveAsync(string handle, int uid)
    {
        var account = Account(handle, uid, machine.PublicKey);
        Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.Equal(ItemState.Live, i.State));
        return account;
    }
}
