using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail.Lmtp;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Returning;
using Panel.Services.Newsletters.Sending.Receivers;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>What admins see of how receivers take the mail of the house.</summary>
public class DeliveryHealthTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A5_what_each_receiver_said_is_counted_and_one_complaint_in_a_thousand_is_an_alarm(string provider)
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript
        {
            Recipient = to => to switch { "p1@b.example" => "550 5.7.1 go away", "p2@b.example" => "450 4.2.0 greylisted", _ => "250 Ok" },
        }, provider);
        await house.PeopleAsync(10);
        await house.PeopleAsync(5, "b.example");
        var id = await house.SendNewAsync();
        await house.UntilAsync(async () => await house.ReportAsync(id) is { Sent: 13, Failed: 1, Deferred: 1 });
        await house.UntilAsync(async () => (await ShowAsync(house)).Receivers.Sum(r => r.Accepted + r.Refused + r.Deferred) == 15);
        var quiet = await ShowAsync(house);
        Assert.Empty(quiet.Alarms);
        Assert.Equal(("b.example", 3, 1, 1), quiet.Receivers[0] is var first ? (first.Domain, first.Accepted, first.Deferred, first.Refused) : default);
        Assert.Contains(quiet.Receivers[0].Words, new[] { "5.7.1 go away", "4.2.0 greylisted" });
        Assert.Equal(HealthTally.Node, quiet.Receivers[1].Node);

        var person = await house.WithAsync<PanelDb, long>(db => db.Set<Subscriber>().Where(s => s.Email == "p3@a.example").Select(s => s.Id).SingleAsync());
        var to = house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>().BounceOf(new Reader(house.ListId, person, id));
        var (sender, message) = Mail.Returned.ReturnedMailTests.Bytes("complaint/redacted.eml");
        Assert.True(await house.WithAsync<ReturnedMails, bool>(r => r.TakeAsync(new IncomingMail(sender, to, message), default)));

        var alarmed = await ShowAsync(house);
        Assert.Equal(("a.example", 1), (alarmed.Receivers[0].Domain, alarmed.Receivers[0].Complained));
        Assert.StartsWith("1 of 10 mails to a.example were called spam", Assert.Single(alarmed.Alarms), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_admins_see_it_and_the_words_of_a_server_are_words_on_the_page()
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = _ => "550 5.7.1 <b>go away</b>" }, pauseAt: 100);
        Assert.IsType<NotAllowed>((await house.WithAsync<DeliveryHealth, Outcome<DeliveryHealthPage>>(h => h.ShowAsync(house.Ann, 30, default))).Refused);
        await house.PeopleAsync(2);
        await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);
        await house.UntilAsync(async () => (await ShowAsync(house)).Receivers.Count == 1);

        var now = DateTime.UtcNow;
        await house.WithAsync<PanelDb, int>(db => db.Users.Where(m => m.UserName == "ann").ExecuteUpdateAsync(set => set.SetProperty(m => m.AdminAt, now)));
        var admin = await house.SignInAsync();
        Assert.Contains("5.7.1 &lt;b&gt;go away&lt;/b&gt;", await admin.GetStringAsync(new Uri("/mail/health", UriKind.Relative)), StringComparison.Ordinal);
    }

    private static async Task<DeliveryHealthPage> ShowAsync(IssueHouse house) =>
        (await house.WithAsync<DeliveryHealth, Outcome<DeliveryHealthPage>>(h => h.ShowAsync(PanelApp.Admin, 30, default))).Value!;
}
