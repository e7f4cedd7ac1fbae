using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using static Panel.Tests.Finger.FingerSteps;

namespace Panel.Tests.Finger;

/// <summary>Addresses, names and servers that mean no good.</summary>
public class FollowingAttackTests
{
    [Theory]
    [InlineData("bob")]
    [InlineData("bob@")]
    [InlineData("@host.example")]
    [InlineData("bob@a@b.example")]
    [InlineData("bob\r\nann@host.example")]
    [InlineData("bob ann@host.example")]
    [InlineData("-l@host.example")]
    [InlineData("/W@host.example")]
    [InlineData("bob@-oProxy.example")]
    [InlineData("bob@host.example:0")]
    [InlineData("bob@host.example:99999")]
    [InlineData("bob@host.example:79x")]
    [InlineData("bob@[::1")]
    [InlineData("bob@[fe80::1%eth0]")]
    [InlineData("$(id)@host.example")]
    [InlineData("bob@host_name.example")]
    public async Task Class_1_what_is_no_address_is_refused_before_anything_is_asked(string address)
    {
        using var here = House();
        var ann = await here.MemberAsync("ann");

        Assert.Equal("address", (await here.FollowAsync(ann, "ann", address)).Refused?.Field);
        Assert.Empty(await here.FollowingAsync(ann, "ann"));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public async Task Class_13_a_name_that_leads_to_a_private_address_is_never_connected_to(string secret)
    {
        var asked = 0;
        var fetch = new FingerFetch(Options.Create(new FingerOptions()), (_, _) =>
        {
            asked++;
            return Task.FromResult(new[] { IPAddress.Parse(secret) });
        }, TimeProvider.System);

        var fetched = await fetch.FetchAsync(new FingerAddress("bob", "rebinding.example", 79), CancellationToken.None);

        Assert.Null(fetched.Bytes);
        Assert.Contains("may not be fingered from here", fetched.Reason, StringComparison.Ordinal);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Class_13_the_address_that_was_checked_is_the_one_connected_to()
    {
        await using var server = RudeServer.Saying(() => "Plan:\r\nhello\r\n");
        var asked = 0;
        var options = new FingerOptions { Follow = new FollowOptions { Networks = "127.0.0.1", Ports = "1024-65535" } };
        var fetch = new FingerFetch(Options.Create(options), (_, _) => Task.FromResult(new[] { IPAddress.Parse(asked++ == 0 ? "127.0.0.1" : "10.0.0.1") }), TimeProvider.System);

        Assert.NotNull((await fetch.FetchAsync(new FingerAddress("bob", "rebinding.example", int.Parse(server.Port, null)), CancellationToken.None)).Bytes);
        Assert.Equal(1, asked);
        Assert.Contains("Port 22 may not", (await fetch.FetchAsync(new FingerAddress("bob", "rebinding.example", 22), CancellationToken.None)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Class_19_endless_slow_empty_and_hostile_answers_are_refused_with_the_reason_and_nothing_is_stored()
    {
        using var here = House(more: ("Finger:Follow:Patience", "00:00:01"));
        var ann = await here.MemberAsync("ann");
        await using var endless = new RudeServer(async (socket, ct) =>
        {
            for (var junk = new byte[64 * 1024]; ;)
            {
                await socket.SendAsync(junk, ct);
            }
        });
        await using var slow = new RudeServer(async (socket, ct) =>
        {
            while (true)
            {
                await socket.SendAsync("x"u8.ToArray(), ct);
                await Task.Delay(100, ct);
            }
        });
        await using var silent = new RudeServer((_, ct) => Task.Delay(Timeout.Infinite, ct));
        await using var nothing = RudeServer.Saying(() => "");
        await using var nobody = RudeServer.Saying(() => "finger: bob: no such user.\r\n");
        await using var escapes = RudeServer.Saying(() => "There is nobody here by that name \u001b]0;owned\u0007\r\n");

        foreach (var (server, reason) in new[] { (endless, "more than 1 MiB"), (slow, "within 1 seconds"), (silent, "within 1 seconds"), (nothing, "answers nothing"), (nobody, "no such user"), (escapes, "^[]0;owned^G") })
        {
            var refused = (await here.FollowAsync(ann, "ann", $"bob@127.0.0.1:{server.Port}")).Refused;
            Assert.Contains(reason, refused!.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await here.FollowingAsync(ann, "ann"));
    }

    [Fact]
    public async Task Class_12_text_of_others_is_data_on_the_page_and_a_redirect_to_elsewhere_is_only_text()
    {
        using var here = House();
        using var browser = await Members.Browser.SignInAsync(here, "ann");
        await using var server = RudeServer.Saying(() => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\nPlan:\r\n" +
            "{\"name\":\"<img src=x onerror=alert(1)>\",\"messages\":[{\"text\":\"<script>alert(1)</script> javascript:alert(1) https://evil.example/\\\"onmouseover=alert(1) \\u001b[31m\",\"time\":\"20261101000000\"}]}");

        Assert.Null((await here.FollowAsync(PanelApp.Admin, "ann", $"bob@127.0.0.1:{server.Port}")).Refused);
        var page = await browser.GetStringAsync("/timeline");

        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"javascript", page, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', page);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
    }
}
