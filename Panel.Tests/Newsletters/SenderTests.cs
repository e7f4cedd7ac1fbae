using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>What the sender does about refusals, and what its owner can do.</summary>
public class SenderTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Fact]
    public async Task Too_many_refusals_pause_the_issue_by_itself_with_the_reason_and_going_on_starts_a_new_count()
    {
        var refuse = true;
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = _ => Volatile.Read(ref refuse) ? "550 5.7.1 your domain is blocked here" : "250 Ok" });
        await house.PeopleAsync(1_000);
        var id = await house.SendNewAsync();

        var paused = await house.WaitForAsync(id, IssueState.Paused);
        Assert.Contains("paused by itself", paused.Note, StringComparison.Ordinal);
        Assert.Contains("your domain is blocked here", paused.Note, StringComparison.Ordinal);
        Assert.InRange(paused.Failed, 30, 999);

        Volatile.Write(ref refuse, false);
        Assert.Null((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.ResumeAsync(house.Ann, id, default))).Refused);
        var done = await house.WaitForAsync(id, IssueState.Sent);
        Assert.Equal(1_000, done.Sent + done.Failed);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F7_retry_failed_only_resends_exactly_those(string provider)
    {
        var refuse = true;
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = to => to is "p3@a.example" or "p7@a.example" && Volatile.Read(ref refuse) ? "554 5.7.1 not today" : "250 Ok" }, provider);
        await house.PeopleAsync(20);
        var id = await house.SendNewAsync();
        Assert.Equal((18, 2), await house.WaitForAsync(id, IssueState.Sent) is var first ? (first.Sent, first.Failed) : default);

        Volatile.Write(ref refuse, false);
        Assert.Null((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.RetryAsync(house.Ann, id, false, default))).Refused);
        Assert.Equal((20, 0), await house.WaitForAsync(id, IssueState.Sent) is var second ? (second.Sent, second.Failed) : default);
        Assert.All(house.AcceptedTo().GroupBy(to => to), to => Assert.Single(to));

        Assert.IsType<InTheWay>((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.RetryAsync(house.Ann, id, false, default))).Refused);
        var bob = await house.App.MemberAsync("bob");
        Assert.IsType<NotThere>((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.RetryAsync(bob, id, false, default))).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_address_that_the_server_calls_dead_at_once_is_taken_off_and_one_that_is_refused_for_our_sake_is_not(string provider)
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript
        {
            Recipient = to => to switch { "p1@a.example" => "550 5.1.1 no such user", "p2@a.example" => "550 5.7.1 we do not like you", "p3@a.example" => "550 what", _ => "250 Ok" },
        }, provider);
        await house.PeopleAsync(5);
        await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);

        await house.UntilAsync(async () => (await house.WithAsync<Subscribers, Outcome<IReadOnlyList<SubscriberPage>>>(
            s => s.ListAsync(PanelApp.Admin, "ann", "letters", SubscriberState.Bounced, null, default))).Value!.Count == 1);
        var next = await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);
        Assert.Equal((1, 2, 2), (next.Skipped, next.Failed, next.Sent));
    }

    [Fact]
    public async Task The_forecast_names_the_domain_that_holds_the_issue_up()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = to => to.EndsWith("@slow.example", StringComparison.Ordinal) ? "450 4.7.1 later" : "250 Ok" }, time: time);
        await house.PeopleAsync(5);
        await house.PeopleAsync(3, "slow.example");
        var id = await house.SendNewAsync();
        await house.UntilAsync(async () => await house.ReportAsync(id) is { Sent: 5, Deferred: 3 });

        var forecast = (await house.ReportAsync(id)).Forecast;
        Assert.Equal("slow.example", forecast!.HeldBackBy);
        Assert.InRange(forecast.DoneAt!.Value - time.GetUtcNow().UtcDateTime, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(6));
    }

    [Fact]
    public void A_tally_speaks_up_only_above_the_share_and_never_about_a_handful()
    {
        var tally = new SendingTally();
        LedgerResult Of(DeliveryState state) => new(state, 1, null, 550, null, "no", null, false);
        foreach (var state in Enumerable.Repeat(DeliveryState.Failed, 29))
        {
            tally.Count(Of(state));
        }

        Assert.Null(tally.TooMany(10));
        tally.Count(Of(DeliveryState.Failed));
        Assert.Contains("30 of 30", tally.TooMany(10), StringComparison.Ordinal);
        Assert.Null(tally.TooMany(100));
        foreach (var state in Enumerable.Repeat(DeliveryState.Sent, 270))
        {
            tally.Count(Of(state));
        }

        Assert.Null(tally.TooMany(10));
        tally.Count(Of(DeliveryState.Failed));
        Assert.NotNull(tally.TooMany(10));
    }
}
