using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Returning;
using Panel.Services.Newsletters.Sending;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>The A rules that concern sending, and what is deleted in the middle.</summary>
public class SendingRuleTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F11_a_person_erased_in_the_middle_of_a_send_gets_nothing_and_is_counted(string provider)
    {
        IssueHouse? house = null;
        var dots = 0;
        await using var running = house = await IssueHouse.StartAsync(new SinkScript { Dot = _ => Answer() }, provider, connections: 1);
        await house.PeopleAsync(10);
        var id = await house.SendNewAsync();
        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal((9, 1, 10), (report.Sent, report.Skipped, report.Recipients));
        Assert.DoesNotContain("p9@a.example", house.AcceptedTo());
        Assert.Equal(SkipReason.Erased, (await house.RowsAsync(id)).Single(r => r.State == DeliveryState.Skipped).Reason);

        string Answer()
        {
            if (++dots == 3)
            {
                house!.WithAsync<PanelDb, int>(db => db.Set<Subscriber>().Where(s => s.Email == "p9@a.example").ExecuteDeleteAsync()).GetAwaiter().GetResult();
            }

            return "250 Ok";
        }
    }

    [Fact]
    public async Task A2_H1_H3_every_mail_is_signed_by_the_domain_it_is_from_and_names_only_its_reader()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(5);
        await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);
        Assert.All(house.Sink.Accepted, mail =>
        {
            var headers = MailHeaders.Read(mail.Bytes).Headers;
            Assert.EndsWith("@annart.example>", headers["From"], StringComparison.Ordinal);
            Assert.Equal("annart.example", headers.Parameter("DKIM-Signature", "d"));
            Assert.Equal(mail.To, headers["To"].Trim('<', '>'));
            Assert.Single(headers.All("List-Unsubscribe"));
            var (local, returns) = (mail.From.Split('@')[0], house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>());
            Assert.True(local.Length <= 64 && returns.Read(mail.From) is { Purpose: TokenPurpose.Bounce }, mail.From);
            Assert.DoesNotContain(house.AcceptedTo().Where(to => to != mail.To), other => mail.Text.Contains(other, StringComparison.Ordinal));
        });
        Assert.Equal(5, house.Sink.Accepted.Select(m => m.From).Distinct().Count());
    }

    [Theory]
    [InlineData("Ann <ann@gmail.com>")]
    [InlineData("Ann <ann@yahoo.de>")]
    [InlineData("Ann <ann@gmx.net>")]
    public async Task A8_nobody_sends_in_the_name_of_a_mail_provider(string from)
    {
        await using var house = await IssueHouse.StartAsync();
        var refused = (await house.WithAsync<Lists, Outcome<ListPage>>(l => l.AddAsync(PanelApp.Admin, "ann", new NewList("other", "Other", from), default))).Refused;
        Assert.Equal("from", refused!.Field);
    }

    [Theory]
    [InlineData(false, new[] { 5, 15, 60, 120, 240, 240, 240, 240 })]
    [InlineData(true, new[] { 33, 60, 120, 240, 480, 960, 1_440, 1_440 })]
    public void A12_a_not_now_is_tried_again_at_growing_distances_and_given_up_after_four_days(bool direct, int[] minutes)
    {
        var reply = new MailReply(MailResult.Deferred, 450, "4.2.0", "later");
        LedgerResult After(int tries, DateTime started, double chance = 0.5) =>
            Retry.Of(reply, new Leased(new SendingIssue(1, 1, 1, started), 1, 1, tries, "a@b.example", "", ""), Now, chance, direct);

        Assert.Equal(minutes.Select(m => TimeSpan.FromMinutes(m)), Enumerable.Range(0, minutes.Length).Select(t => After(t, Now).NextAt!.Value - Now));
        Assert.True(!direct || After(0, Now, 0).NextAt >= Now.AddMinutes(30), "RFC 5321 asks for half an hour at least");
        Assert.True(After(3, Now, 0).NextAt < After(3, Now, 1).NextAt);
        Assert.Equal(DeliveryState.Deferred, After(9, Now.AddDays(-3.9)).State);
        Assert.Equal((DeliveryState.Failed, "given up after four days"), After(9, Now.AddDays(-4.1)) is var last ? (last.State, last.Reason) : default);
    }

    [Fact]
    public async Task A15_nothing_that_comes_back_is_ever_answered()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var to = house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>().BounceOf(new Reader(house.ListId, 1, 1));
        foreach (var file in new[] { "hard/postfix-01.eml", "autoReply/vacation-de.eml", "reply/thanks.eml", "unclear/empty.eml" })
        {
            var (sender, message) = Mail.Returned.ReturnedMailTests.Bytes(file);
            Assert.True(await house.WithAsync<ReturnedMails, bool>(r => r.TakeAsync(new Services.Mail.Lmtp.IncomingMail(sender, to, message), default)));
        }

        Assert.Equal(0, await house.WithAsync<PanelDb, int>(db => db.Set<Letter>().CountAsync()));
        Assert.Empty(house.Sink.Accepted);
    }
}
