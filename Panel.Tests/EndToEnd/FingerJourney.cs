using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Panel.Tests.Finger;

namespace Panel.Tests.EndToEnd;

/// <summary>Two Panels and a hostile server: bob's house is the whole one with its agent, sshd and finger on port 79; ann's fingers it over TCP.</summary>
[Collection(Journeys.Name)]
public sealed class FingerJourney(House house)
{
    [Fact]
    public async Task A_plan_put_by_sftp_is_in_the_feed_in_finger_and_in_the_timeline_of_another_panel_within_one_refresh_whatever_a_hostile_server_does()
    {
        var time = new ManualTime();
        using var here = FingerSteps.House(time: time, more: ("Finger:Follow:Ports", "79;1024-65535"));
        var ann = await here.MemberAsync("ann");
        await house.PanelAsync("member", "add", "bob", "--email", "bob@example.org", "--name", "Bob Builder");
        await house.PanelAsync("site", "add", "bob", "web", "--kind", "static");
        var (key, site) = await KeyAsync("bob");
        var polite = true;
        await using var hostile = new RudeServer((socket, ct) => polite ? RudeServer.SayAsync(socket, "Plan:\r\nhello\r\n", ct) : FloodAsync(socket, ct));
        Assert.Null((await here.FollowAsync(ann, "ann", $"mallory@127.0.0.1:{hostile.Port}")).Refused);
        var followed = await here.FollowAsync(ann, "ann", "bob@127.0.0.1");
        Assert.Equal(("bob@127.0.0.1", "Bob Builder"), (followed.Value?.Address, followed.Value?.Name));

        polite = false;
        var plan = Path.Combine(house.Folder, "bob.plan");
        await File.WriteAllTextAsync(plan, "Building.\n{\"messages\":[{\"text\":\"by sftp, like 2010\",\"time\":20101105124412}]}\n");
        var batch = Path.Combine(house.Folder, "bob.sftp");
        await File.WriteAllTextAsync(batch, $"put {plan} /home/.plan\n");
        var (code, said) = await house.RunAsync(
            "sftp", "-q", "-b", batch, "-i", key, "-P", site, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "bob@127.0.0.1");
        Assert.True(code == 0, said);
        var answer = await House.UntilAsync(
            async () => (await house.RunAsync("finger", "bob@localhost")).Output is var o && o.Contains("\"by sftp, like 2010\", \"time\": \"20101105124412\"", StringComparison.Ordinal) ? o : null, "The plan from the home in finger");
        Assert.Contains("Plan:", answer, StringComparison.Ordinal);
        Assert.Contains("Building.", answer, StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = house.Address };
        var feed = await http.GetStringAsync("/~bob/atom.xml");
        Assert.Contains("<published>2010-11-05T12:44:12Z</published>", feed, StringComparison.Ordinal);
        Assert.Contains(">by sftp, like 2010</content>", feed, StringComparison.Ordinal);

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((2, 1), await here.RefreshAsync() is var run ? (run.Asked, run.Failed) : default);
        Assert.Equal(["by sftp, like 2010"], (await here.TimelineAsync(ann, "ann")).Where(e => e.Address == "bob@127.0.0.1").Select(e => e.Text));
        Assert.Contains("more than 1 MiB", (await here.FollowingAsync(ann, "ann")).Single(f => f.Address.StartsWith("mallory", StringComparison.Ordinal)).Reason, StringComparison.Ordinal);
    }

    /// <summary>Sends terminal commands for as long as anybody listens.</summary>
    private static async Task FloodAsync(Socket socket, CancellationToken ct)
    {
        var noise = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("\u001b[2J\u0007{\"messages\":[", 4_000)));
        while (await socket.SendAsync(noise, ct) > 0)
        {
            // Until the asker has had enough.
        }
    }

    /// <summary>A key that opens the member's SFTP, and the port on which it does.</summary>
    private async Task<(string Key, string Port)> KeyAsync(string handle)
    {
        var key = Path.Combine(house.Folder, $"{handle}.key");
        Assert.Equal(0, (await house.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)).Code);
        await house.PanelAsync("key", "add", handle, "--file", $"{key}.pub");
        var live = await House.UntilAsync(
            async () => (await house.PanelAsync("key", "list", handle)).AsArray().All(k => k!["state"]!.ToString() == "live") ? await house.PanelAsync("site", "show", handle, "web") : null, "A key that is live");
        return (key, live["sftp"]!["port"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture));
    }
}
