using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using static Panel.Tests.Finger.FingerSteps;

namespace Panel.Tests.Finger;

/// <summary>Two houses that finger each other over real TCP.</summary>
public class FollowingTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Ann_here_follows_bob_there_and_reads_his_posts_within_one_refresh(string provider)
    {
        var time = new ManualTime();
        using var here = House(provider, time);
        using var there = new PanelApp(provider, ("Finger:Host", "there.example")) { Time = time };
        var (ann, bob) = (await here.MemberAsync("ann"), await there.MemberAsync("bob"));
        await there.SetAsync("bob", new FingerChanges("Bob Builder", Plan: "Building."));
        await there.PostAsync(bob, "bob", "first #stairs");
        await using var server = await there.ListenAsync();
        var address = $"bob@127.0.0.1:{server.EndPoint.Port}";

        var followed = await here.FollowAsync(ann, "ann", $" {address.ToUpperInvariant().Replace("BOB", "bob", StringComparison.Ordinal)} ");
        Assert.Null(followed.Refused);
        Assert.Equal((address, "Bob Builder", false, null), (followed.Value!.Address, followed.Value.Name, followed.Value.Here, followed.Value.Reason));
        Assert.Equal(["first #stairs"], (await here.TimelineAsync(ann, "ann")).Select(e => e.Text));
        Assert.Equal(address, (await here.FollowAsync(ann, "ann", address)).Value!.Address);

        time.Advance(TimeSpan.FromMinutes(2));
        await here.PostAsync(ann, "ann", $"@bob hello, @{address}");
        time.Advance(TimeSpan.FromSeconds(1));
        await there.PostAsync(bob, "bob", "second, for @ann@house.example");
        Assert.Equal(new Refreshed(1, 0), await here.RefreshAsync());
        var entries = await here.TimelineAsync(ann, "ann");
        Assert.Equal(["second, for @ann@house.example", "first #stairs"], entries.Where(e => !e.Here).Select(e => e.Text));
        Assert.Equal(3, entries.Count);
        Assert.Equal([address, address], entries.Single(e => e.Here).Words.Where(w => w.Kind == PostWordKind.Mention).Select(w => w.Target));
        Assert.Equal((address, "second, for @ann@house.example"), Assert.Single((await here.NoticesAsync(ann, "ann")).Select(n => (n.Address, n.Text))));
        Assert.Equal(["first #stairs"], (await here.TimelineAsync(ann, "ann", new TimelineQuery(Tag: "Stairs"))).Select(e => e.Text));
        Assert.Equal(2, (await here.TimelineAsync(ann, "ann", new TimelineQuery(Before: entries[0].At))).Count);

        Assert.Contains($"\"address\": \"{address}\"", await here.AskAsync("ann"), StringComparison.Ordinal);
        await here.WithAsync<Follows, Outcome<Done>>(f => f.RemoveAsync(ann, "ann", address, CancellationToken.None));
        Assert.DoesNotContain(await here.TimelineAsync(ann, "ann"), e => !e.Here);
        Assert.Empty(await here.FollowingAsync(ann, "ann"));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task When_the_other_server_is_gone_the_last_good_copy_stays_with_the_reason_and_is_asked_less_and_less(string provider)
    {
        var time = new ManualTime();
        using var here = House(provider, time);
        var ann = await here.MemberAsync("ann");
        var text = "Name: Bob\r\nPlan:\r\n{\"messages\":[{\"text\":\"kept\",\"time\":\"20261101000000\"}]}";
        await using var server = RudeServer.Saying(() => text);
        await here.FollowAsync(ann, "ann", $"bob@127.0.0.1:{server.Port}");

        text = "Plan:\r\n{\"messages\":[{\"text\":\"half";
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new Refreshed(1, 1), await here.RefreshAsync());
        Assert.Equal("kept", Assert.Single(await here.TimelineAsync(ann, "ann")).Text);
        Assert.Contains("never ends", Assert.Single(await here.FollowingAsync(ann, "ann")).Reason, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(0, (await here.RefreshAsync()).Asked);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, (await here.RefreshAsync()).Asked);
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(0, (await here.RefreshAsync()).Asked);

        text = "Plan:\r\n{\"messages\":[{\"text\":\"kept\",\"time\":\"20261101000000\"},{\"text\":\"future\",\"time\":\"99990101000000\"}]}";
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(new Refreshed(1, 0), await here.RefreshAsync());
        var entries = await here.TimelineAsync(ann, "ann");
        Assert.Equal(["future", "kept"], entries.Select(e => e.Text));
        Assert.True(entries[0].At <= time.GetUtcNow().UtcDateTime);
        Assert.Null(Assert.Single(await here.FollowingAsync(ann, "ann")).Reason);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task What_its_author_takes_back_goes_and_who_asks_not_to_be_shown_is_dropped_and_remembered(string provider)
    {
        var time = new ManualTime();
        using var here = House(provider, time);
        var ann = await here.MemberAsync("ann");
        var text = "Plan:\n{\"messages\":[{\"text\":\"old\",\"time\":\"20100101000000\"},{\"text\":\"regretted\",\"time\":\"20260101000000\"},{\"text\":\"new\",\"time\":\"20260201000000\"}]}";
        await using var server = RudeServer.Saying(() => text);
        var address = $"bob@127.0.0.1:{server.Port}";
        await here.FollowAsync(ann, "ann", address);

        text = "Plan:\n{\"messages\":[{\"text\":\"first\",\"time\":\"20250101000000\"},{\"text\":\"new\",\"time\":\"20260201000000\"}]}";
        time.Advance(TimeSpan.FromMinutes(1));
        await here.RefreshAsync();
        Assert.Equal(["new", "first", "old"], (await here.TimelineAsync(ann, "ann")).Select(e => e.Text));

        text = "Plan:\nTimeline: no\n" + text;
        time.Advance(TimeSpan.FromMinutes(1));
        await here.RefreshAsync();
        Assert.Empty(await here.TimelineAsync(ann, "ann"));
        Assert.Empty(await here.FollowingAsync(ann, "ann"));
        var asked = server.Asked;
        Assert.Contains("asks not to be shown", (await here.FollowAsync(ann, "ann", address)).Refused!.Message, StringComparison.Ordinal);
        Assert.Equal(asked, server.Asked);
    }

    [Fact]
    public async Task One_host_is_asked_one_thing_at_a_time_and_many_hosts_at_once()
    {
        var time = new ManualTime();
        using var here = House(time: time);
        var ann = await here.MemberAsync("ann");
        await using var server = new RudeServer(async (socket, ct) =>
        {
            await Task.Delay(20, ct);
            await RudeServer.SayAsync(socket, "Plan:\r\nhello\r\n", ct);
        });
        for (var i = 0; i < 12; i++)
        {
            Assert.Null((await here.FollowAsync(ann, "ann", $"bob{i}@127.0.0.1:{server.Port}")).Refused);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new Refreshed(12, 0), await here.RefreshAsync());
        Assert.Equal((1, 24), (server.Most, server.Asked));
    }

    [Fact]
    public async Task Class_19_a_host_that_went_silent_is_asked_once_for_all_its_addresses()
    {
        var time = new ManualTime();
        using var here = House(time: time);
        var ann = await here.MemberAsync("ann");
        var up = true;
        await using var server = new RudeServer((socket, ct) => up ? RudeServer.SayAsync(socket, "Plan:\r\nhello\r\n", ct) : ResetAsync(socket));
        for (var i = 0; i < 5; i++)
        {
            Assert.Null((await here.FollowAsync(ann, "ann", $"bob{i}@127.0.0.1:{server.Port}")).Refused);
        }

        up = false;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new Refreshed(5, 5), await here.RefreshAsync());
        Assert.Equal(6, server.Asked);
        Assert.All(await here.FollowingAsync(ann, "ann"), f => Assert.Contains("broke off", f.Reason, StringComparison.Ordinal));
        Assert.Equal(5, (await here.TimelineAsync(ann, "ann")).Count);

        static Task ResetAsync(System.Net.Sockets.Socket socket)
        {
            socket.LingerState = new System.Net.Sockets.LingerOption(true, 0);
            socket.Close();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Own_members_are_read_from_the_store_and_hidden_ones_cannot_be_followed()
    {
        using var here = House(time: new ManualTime());
        var (ann, bob, cat) = (await here.MemberAsync("ann"), await here.MemberAsync("bob"), await here.MemberAsync("cat"));
        await here.SetAsync("cat", new FingerChanges(Hidden: true));
        await here.PostAsync(cat, "cat", "hidden words");
        await here.PostAsync(bob, "bob", "hello @ann and @cat, not @nobody #tag");

        Assert.Null((await here.FollowAsync(ann, "ann", "bob@house.example")).Refused);
        Assert.Contains("nobody here", (await here.FollowAsync(ann, "ann", "cat@house.example")).Refused!.Message, StringComparison.Ordinal);
        Assert.Contains("That is you", (await here.FollowAsync(ann, "ann", "ann@house.example")).Refused!.Message, StringComparison.Ordinal);
        var entry = Assert.Single(await here.TimelineAsync(ann, "ann"));
        Assert.Equal(["ann@house.example", "cat@house.example"], entry.Words.Where(w => w.Kind == PostWordKind.Mention).Select(w => w.Target));
        Assert.Equal(entry.Text, Assert.Single(await here.NoticesAsync(ann, "ann")).Text);
        Assert.Equal([entry.Id], (await here.TimelineAsync(PanelApp.Admin, null)).Select(e => e.Id));
        await here.SetAsync("bob", new FingerChanges(Plan: "Timeline: no"));
        Assert.Empty(await here.TimelineAsync(PanelApp.Admin, null));
        Assert.Single(await here.TimelineAsync(ann, "ann"));
    }

    [Theory]
    [InlineData("Finger:Follow:Ports", "22")]
    [InlineData("Finger:Follow:Ports", "79;80-90")]
    [InlineData("Finger:Follow:Networks", "public;10.0.0.0/99")]
    [InlineData("Finger:Follow:Patience", "01:00:00")]
    public void A_wrong_setting_stops_the_start_with_its_name(string key, string value)
    {
        using var app = new PanelApp(more: (key, value));

        Assert.Contains(key, Assert.ThrowsAny<Exception>(() => app.Services.GetRequiredService<FingerDesk>()).ToString(), StringComparison.Ordinal);
    }
}
