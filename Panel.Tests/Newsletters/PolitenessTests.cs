using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending.Receivers;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>What receivers bear: lanes, mails per connection, back-off and slow recovery, warm-up, and turns for everybody.</summary>
public class PolitenessTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);
    private static readonly MailReply Ok = new(MailResult.Accepted, 250, "2.0.0", "Ok");
    private static readonly MailReply TooMuch = new(MailResult.Deferred, 421, "4.7.0", "Try again later");

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Fact]
    public async Task A7_a_connection_carries_at_most_twenty_mails_to_yahoo_and_more_to_others()
    {
        await using var house = await IssueHouse.StartAsync(connections: 1, politeness: MailOptions.PolitePanel);
        await house.PeopleAsync(50, "yahoo.com");
        await house.PeopleAsync(10, "yahoo.de");
        await house.PeopleAsync(60);
        var report = await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);

        Assert.Equal(120, report.Sent);
        Assert.InRange(house.Sink.Connections, 3, 6);
    }

    [Fact]
    public void A7_the_providers_domains_share_one_patience()
    {
        Assert.Equal(("yahoo.com", 20), (Receiver.Of("yahoo.co.uk").Name, Receiver.Of("ymail.com").PerConnection));
        Assert.Equal(("gmail.com", 5, 50), Receiver.Of("googlemail.com") is var g ? (g.Name, g.Lanes, g.PerConnection) : default);
        Assert.Equal(("outlook.com", 5), (Receiver.Of("hotmail.fr").Name, Receiver.Of("msn.com").Lanes));
        Assert.Equal(("own.example", 10, 100), Receiver.Of("own.example") is var o ? (o.Name, o.Lanes, o.PerConnection) : default);
    }

    [Fact]
    public void A_receiver_that_says_too_much_gets_half_after_a_rest_and_the_whole_only_step_by_step()
    {
        var pace = new ReceiverPace(Receiver.Of("gmail.com"));
        var now = Now;
        for (var n = 0; n < 200; n++)
        {
            Assert.Null(pace.Begin(now));
            pace.End(Ok, now);
        }

        Assert.Null(pace.Begin(now));
        pace.End(TooMuch, now);
        Assert.Equal((2, 100d), (pace.Lanes, pace.Rate));
        var first = pace.Begin(now)!.Value;
        Assert.InRange(first - now, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2));
        Assert.True(pace.Begin(now) > first, "Those who are put off do not all come back at once.");

        // A second word from a hand-over that was under way says nothing new.
        pace.End(TooMuch, now.AddSeconds(1));
        Assert.Equal((2, 100d), (pace.Lanes, pace.Rate));

        now = now.AddMinutes(2);
        Assert.Null(pace.Begin(now));
        pace.End(TooMuch, now);
        Assert.Equal((1, 50d), (pace.Lanes, pace.Rate));
        Assert.InRange(pace.Begin(now)!.Value - now, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(3));

        List<double?> rates = [];
        for (var step = 0; step < 12 && pace.Rate is not null; step++)
        {
            now = now.AddMinutes(6);
            pace.Begin(now);
            pace.End(Ok, now);
            rates.Add(pace.Rate);
        }

        Assert.Equal((5, null), (pace.Lanes, pace.Rate));
        Assert.InRange(rates.Count, 4, 8);
        Assert.All(rates.SkipLast(1).Zip(rates.Skip(1).SkipLast(1)), r => Assert.True(r.Second > r.First));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task One_receiver_that_asks_for_less_is_held_back_by_name_and_nobody_else_and_everybody_is_mailed_once(string provider)
    {
        var time = new ManualTime();
        var angry = 3;
        await using var house = await IssueHouse.StartAsync(
            new SinkScript { Dot = m => m.To.EndsWith("@gmail.com", StringComparison.Ordinal) && Interlocked.Decrement(ref angry) >= 0 ? "421 4.7.28 too many mails" : "250 Ok" }, provider, time, politeness: MailOptions.PolitePanel);
        await house.PeopleAsync(60, "gmail.com");
        await house.PeopleAsync(40);
        var id = await house.SendNewAsync();

        await house.UntilAsync(async () => await house.ReportAsync(id) is { Sent: >= 40, Queued: 0 });
        var report = await house.ReportAsync(id);
        Assert.Equal(40, house.AcceptedTo().Count(to => to.EndsWith("@a.example", StringComparison.Ordinal)));
        Assert.Equal("gmail.com", report.Forecast!.HeldBackBy);
        Assert.InRange(report.Deferred, 30, 60);
        Assert.Contains(await house.RowsAsync(id), r => r.Reply == "Held back: gmail.com asked for fewer mails." && r.Tries == 0 && r.NextAt > time.GetUtcNow().UtcDateTime);
        await house.UntilAsync(async () =>
        {
            if (await house.ReportAsync(id) is { Queued: 0, Deferred: > 0 })
            {
                time.Advance(TimeSpan.FromMinutes(10));
            }

            return await house.StateAsync(id) == IssueState.Sent;
        });
        Assert.Equal(100, (await house.ReportAsync(id)).Sent);
        Assert.Equal(100, house.AcceptedTo().Distinct().Count());
        Assert.Equal(100, house.Sink.Accepted.Count);
    }

    [Fact]
    public void A_new_domain_doubles_its_day_until_receivers_know_it()
    {
        Assert.Equal([500, 1_000, 2_000], Enumerable.Range(0, 3).Select(d => WarmUp.MailsOn(d)!.Value));
        Assert.Null(WarmUp.MailsOn(12));
        Assert.Equal(0, WarmUp.DaysFor(500, 0, 0));
        Assert.Equal(1, WarmUp.DaysFor(500, 0, 1));
        Assert.Equal(3, WarmUp.DaysFor(7_500, 0, 0));
        Assert.Equal(0, WarmUp.DaysFor(5_000_000, 12, 0));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_domain_that_receivers_do_not_know_sends_its_day_says_so_and_goes_on_tomorrow(string provider)
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(provider: provider, time: time, politeness: MailOptions.PolitePanel);
        await house.PeopleAsync(700);
        var id = await house.SendNewAsync();

        await house.UntilAsync(async () => (await house.ReportAsync(id)).Note?.Contains("annart.example is new to receivers", StringComparison.Ordinal) == true);
        await house.UntilAsync(async () => (await house.ReportAsync(id)).Sent == 500);
        var report = await house.ReportAsync(id);
        Assert.Equal((500, 200), (report.Sent, report.Queued));
        Assert.Equal(time.GetUtcNow().UtcDateTime.Date.AddDays(1), report.Forecast!.DoneAt);
        Assert.Contains("warm-up of annart.example", report.Forecast.HeldBackBy, StringComparison.Ordinal);

        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal((700, 0), await house.WaitForAsync(id, IssueState.Sent) is var done ? (done.Sent, done.Failed) : default);
    }

    [Fact]
    public async Task F8_a_member_with_many_issues_does_not_get_ahead_of_one_with_one()
    {
        await using var house = await IssueHouse.StartAsync(connections: 1);
        await house.PeopleAsync(400);
        var bob = await house.App.MemberAsync("bob");
        var list = (await house.WithAsync<Lists, Outcome<ListPage>>(l => l.AddAsync(PanelApp.Admin, "bob", new NewList("notes", "Notes", "Bob <notes@bobart.example>", "2 Side Street"), default))).Value!.Id;
        await house.WithAsync<PanelDb, int>(db =>
        {
            db.AddRange(Enumerable.Range(1, 400).Select(n => new Subscriber { ListId = list, Email = $"b{n}@b.example", EmailKey = $"b{n}@b.example", Domain = "b.example", State = SubscriberState.Confirmed, JoinedAt = Now, ChangedAt = Now, ConsentAt = Now }));
            return db.SaveChangesAsync();
        });
        var issues = new List<long>();
        for (var n = 0; n < 3; n++)
        {
            issues.Add(await house.DraftAsync($"Issue {n}"));
        }

        var bobs = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(bob, "bob", "notes", new IssueWords("Hello", "News."), default))).Value!.Id;
        foreach (var id in issues)
        {
            await house.SendAsync(id);
        }

        Assert.Null((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(bob, bobs, null, default))).Refused);
        await house.UntilAsync(async () => (await house.WithAsync<PanelDb, int>(db => db.Set<Issue>().CountAsync(i => i.State == IssueState.Sent))) == 4);

        // Bob's 400 are out while Ann's three issues of 400 have had about as many, not three times as many.
        var order = house.AcceptedTo();
        var bobsLast = Array.FindLastIndex(order, to => to.EndsWith("@b.example", StringComparison.Ordinal));
        var bobsFirst = Array.FindIndex(order, to => to.EndsWith("@b.example", StringComparison.Ordinal));
        Assert.InRange(order[bobsFirst..bobsLast].Count(to => to.EndsWith("@a.example", StringComparison.Ordinal)), 0, 700);
    }
}
