namespace Panel.Tests.Hosting;

/// <summary>A home that holds everything a member can leave in it goes to another host: all of it that can, as it was, and no byte of anybody else's.</summary>
public sealed class MoveNamesTests : IAsyncLifetime
{
    private readonly TwoHosts house = new();

    public Task InitializeAsync() => house.InitializeAsync();

    public Task DisposeAsync() => house.DisposeAsync();

    [RootFact]
    public async Task Class_2_4_and_6_a_hostile_home_moves_as_it_is_and_what_cannot_be_carried_is_named()
    {
        var (one, two) = (house.One, house.Two);
        var ann = await house.MemberAsync("ann", "one");
        await house.SiteAsync(ann, "web", "static");
        var (bob, cid) = (await house.MemberAsync("bob", "one"), await house.MemberAsync("cid", "two"));
        await house.SiteAsync(bob, "web", "static");
        await house.SiteAsync(cid, "web", "static");
        await Task.WhenAll(house.LiveAsync("ann", "web"), house.LiveAsync("bob", "web"), house.LiveAsync("cid", "web"));
        await one.UploadAsync("bob", "/home/secret", "secret of bob");
        await two.UploadAsync("cid", "/home/secret", "secret of cid");
        var uid = 200_000 + (int)ann.MemberId!;
        async Task AsAnnAsync(AgentMachine machine, params string[] command)
        {
            var (code, output) = await machine.InsideAsync(["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--", .. command]);
            Assert.True(code == 0, output);
        }

        var (from, to) = ($"{one.Accounts}/ann", $"{two.Accounts}/ann");
        await AsAnnAsync(one, HostileHome.Making(from, $"{one.Accounts}/bob"));
        await AsAnnAsync(one, OddNames.Writing($"{from}/home/odd", "kept", OddNames.All));
        await AsAnnAsync(one, HostileHome.Deepening(from));
        // Where the new host would write through a link, if anybody did: a place of cid's, whose path is known.
        await AsAnnAsync(one, "ln", "-s", $"{two.Accounts}/cid/home", $"{from}/home/cid");
        await AsAnnAsync(one, "ln", "-s", $"{two.Accounts}/cid/home/secret", $"{from}/home/cids");

        var moved = await house.MoveAsync("ann", "two");
        Assert.True(moved.State == "kept", $"{moved.Reason}\n{string.Join('\n', moved.Steps)}\n{string.Join('\n', one.Said)}\n{string.Join('\n', two.Said)}");
        Assert.True(moved.Report!.Same, string.Join('\n', moved.Report.Differences));
        Assert.Equal(2, moved.Report.Left.Count);
        Assert.Contains("\"home/socket\" is a socket: the program that made it makes it anew", moved.Report.Left);
        Assert.Contains(moved.Report.Left, l => l.StartsWith("\"home/dddd", StringComparison.Ordinal) && l.EndsWith("the path is longer than any program can open", StringComparison.Ordinal));

        Assert.Equal((await one.InsideAsync(HostileHome.Looking(from))).Output, (await two.InsideAsync(HostileHome.Looking(to))).Output);
        Assert.Equal((await one.InsideAsync(OddNames.Reading($"{from}/home/odd"))).Output, (await two.InsideAsync(OddNames.Reading($"{to}/home/odd"))).Output);
        Assert.Equal((0, "closed file"), await two.InsideAsync("cat", $"{to}/home/none"));
        Assert.Equal((0, "in a closed folder"), await two.InsideAsync("cat", $"{to}/home/closed/x"));
        Assert.Equal("3", (await two.InsideAsync("stat", "-c", "%h", $"{to}/private/three")).Output.Trim());
        Assert.InRange(int.Parse((await two.InsideAsync("du", "-sk", $"{to}/home/hole")).Output.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture), 1, 1000);
        Assert.Equal((0, ""), await two.InsideAsync("find", $"{to}/home", $"{to}/private", "!", "-uid", $"{uid}", "-print"));
        Assert.Equal((0, $"{to}/home/setuid\n"), await two.InsideAsync("find", $"{to}/home", $"{to}/private", "-type", "f", "-perm", "/6000", "-print"));
        foreach (var (machine, handle) in new[] { (one, "bob"), (two, "cid") })
        {
            Assert.Equal($"secret of {handle}", (await machine.InsideAsync("cat", $"{machine.Accounts}/{handle}/home/secret")).Output);
            Assert.Equal("secret\n", (await machine.InsideAsync("ls", "-A", $"{machine.Accounts}/{handle}/home")).Output);
        }
    }
}
