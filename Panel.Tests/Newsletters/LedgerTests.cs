using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>Nobody is missed, nobody gets it twice: the rules F1 to F14b that one process can show.</summary>
public class LedgerTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task F12_everybody_is_counted_once_and_the_next_issue_says_who_left(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(300);
        await house.PeopleAsync(SubscriberState.Pending, "pending@a.example");
        var first = await house.SendNewAsync();

        var report = await house.WaitForAsync(first, IssueState.Sent);
        Assert.Equal((300, 300), (report.Recipients, report.Sent));
        Assert.Equal(300, house.AcceptedTo().Distinct().Count());

        await LeaveAsync(house, "p7@a.example");
        var second = await house.SendNewAsync();
        report = await house.WaitForAsync(second, IssueState.Sent);
        Assert.Equal((300, 299, 1), (report.Recipients, report.Sent, report.Skipped));
        Assert.Equal("left", Assert.Single(await house.RowsAsync(second), d => d.State == DeliveryState.Skipped).Reason);
        Assert.Equal(599, house.Sink.Accepted.Count);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F3_no_answer_after_the_dot_is_unknown_and_not_sent_again(string provider)
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { Dot = m => m.To == "p5@a.example" ? SinkScript.Drop : "250 Ok" }, provider);
        await house.PeopleAsync(40);
        var id = await house.SendNewAsync();

        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal((39, 1), (report.Sent, report.Unknown));
        Assert.Single(house.Sink.Dotted, m => m.To == "p5@a.example");
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F5_one_poisoned_recipient_harms_nobody_else(string provider)
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = to => to == "p500@a.example" ? "554 5.7.1 never" : "250 Ok" }, provider);
        await house.PeopleAsync(1000);
        var id = await house.SendNewAsync();

        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal((999, 1), (report.Sent, report.Failed));
        Assert.Equal(999, house.AcceptedTo().Distinct().Count());
        Assert.Equal(999, house.Sink.Accepted.Count);
        Assert.Equal((554, "5.7.1 never"), (await house.RowsAsync(id)).Where(d => d.State == DeliveryState.Failed).Select(d => (d.Code!.Value, d.Reply!)).Single());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F6_what_is_refused_for_now_is_delivered_in_the_end_with_the_same_id(string provider)
    {
        var time = new ManualTime();
        var calls = 0;
        await using var house = await IssueHouse.StartAsync(
            new SinkScript { Dot = m => m.To[1] is '3' && Interlocked.Increment(ref calls) <= 60 ? "451 4.7.1 come back later" : "250 Ok" }, provider, time);
        await house.PeopleAsync(99);
        var id = await house.SendNewAsync();

        await house.UntilAsync(async () => (await house.ReportAsync(id)) is { Queued: 0, Recipients: 99 });
        Assert.Equal(11, (await house.ReportAsync(id)).Deferred);
        Assert.Equal("4.7.1 come back later", (await house.RowsAsync(id)).First(d => d.State == DeliveryState.Deferred).Reply);
        var asked = 0;
        await house.UntilAsync(async () =>
        {
            // On to the next try only when this one was made: four days later it would be given up.
            var report = await house.ReportAsync(id);
            if (report is { Queued: 0, Deferred: > 0 } && Volatile.Read(ref calls) != asked)
            {
                asked = Volatile.Read(ref calls);
                time.Advance(TimeSpan.FromHours(5));
            }

            return report.State == IssueState.Sent;
        });

        Assert.Equal(99, (await house.ReportAsync(id)).Sent);
        Assert.Equal(99, house.AcceptedTo().Distinct().Count());
        var ids = house.Sink.Dotted.Where(m => m.To == "p3@a.example").Select(m => Header(m, "Message-ID")).Distinct();
        Assert.Single(ids); // H7: the same person, the same issue, the same id.
        Assert.Equal(99, house.Sink.Accepted.Select(m => Header(m, "Message-ID")).Distinct().Count());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F8_one_greylisting_domain_holds_up_nobody_else(string provider)
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = to => to.EndsWith("grey.example", StringComparison.Ordinal) ? "450 4.2.0 greylisted" : "250 Ok" }, provider, time);
        await house.PeopleAsync(50, "grey.example");
        await house.PeopleAsync(50);
        var id = await house.SendNewAsync();

        await house.UntilAsync(async () => (await house.ReportAsync(id)) is { Sent: 50, Deferred: 50 });
    }

    [Fact]
    public async Task F14b_a_refused_recipient_on_a_used_connection_does_not_confuse_the_next()
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { DemandsReset = true, Recipient = to => to.Contains('5', StringComparison.Ordinal) ? "550 5.1.1 no" : "250 Ok" }, connections: 2, pauseAt: 100);
        await house.PeopleAsync(200);
        var id = await house.SendNewAsync();

        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal(Enumerable.Range(1, 200).Count(n => $"p{n}@a.example".Contains('5', StringComparison.Ordinal)), report.Failed);
        Assert.Equal(200 - report.Failed, house.AcceptedTo().Distinct().Count());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F14_a_crowd_of_suppressed_people_in_the_middle_is_not_taken_for_the_end(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(50, "first.example");
        await house.PeopleAsync(2000, "blocked.example");
        await house.PeopleAsync(50, "last.example");
        await house.WithAsync<PanelDb, int>(async db =>
        {
            var keys = house.App.Services.GetService(typeof(HouseKeys)).As<HouseKeys>();
            db.AddRange(Enumerable.Range(1, 2000).Select(n => new Suppression
            {
                EmailHash = keys.Hash("email", $"p{n}@blocked.example"),
                MemberId = house.Ann.MemberId!.Value,
                Reason = "admin",
                At = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            }));
            return await db.SaveChangesAsync();
        });
        var id = await house.SendNewAsync();

        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal((2100, 100, 2000), (report.Recipients, report.Sent, report.Skipped));
        Assert.Equal(100, house.Sink.Accepted.Count);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task U8_who_leaves_in_the_middle_of_a_send_gets_no_mail(string provider)
    {
        using var half = new ManualResetEventSlim();
        using var left = new ManualResetEventSlim();
        var seen = 0;
        await using var house = await IssueHouse.StartAsync(new SinkScript
        {
            Dot = _ =>
            {
                if (Interlocked.Increment(ref seen) == 50)
                {
                    half.Set();
                    left.Wait(TimeSpan.FromSeconds(30));
                }

                return "250 Ok";
            },
        }, provider, connections: 1);
        await house.PeopleAsync(100);
        var id = await house.SendNewAsync();

        await Task.Run(() => Assert.True(half.Wait(TimeSpan.FromSeconds(60))));
        await LeaveAsync(house, "p52@a.example");
        left.Set();
        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal((99, 1), (report.Sent, report.Skipped));
        Assert.DoesNotContain("p52@a.example", house.AcceptedTo());
    }

    internal static async Task LeaveAsync(IssueHouse house, string email)
    {
        var person = await house.WithAsync<PanelDb, long>(db => db.Set<Subscriber>().Where(s => s.Email == email).Select(s => s.Id).SingleAsync());
        var token = house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>().Make(TokenPurpose.Leave, new Reader(house.ListId, person, 0));
        Assert.Null((await house.WithAsync<Departures, Outcome<Departure>>(d => d.LeaveAsync(token, default))).Refused);
    }

    internal static string Header(SinkMessage message, string name) =>
        message.Text.Split("\r\n").First(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase));
}
