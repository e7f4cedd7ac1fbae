using System.Globalization;
using System.Net.Mail;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail.Lmtp;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Returning;
using Panel.Tests.Data;
using Panel.Tests.Mail;
using Panel.Tests.Mail.Returned;

namespace Panel.Tests.Newsletters;

/// <summary>What comes back by mail, and what follows from it.</summary>
public class ReturningTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A_hard_bounce_takes_the_right_person_off_and_the_report_has_the_servers_words(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(3);
        var id = await house.SendNewAsync();
        await house.WaitForAsync(id, IssueState.Sent);
        var envelope = house.Sink.Accepted.Single(m => m.To == "p2@a.example").From;
        Assert.StartsWith("bounce+", envelope, StringComparison.Ordinal);

        Assert.True(await TakeAsync(house, "hard/postfix-01.eml", envelope.ToUpperInvariant()));
        Assert.True(await TakeAsync(house, "hard/postfix-01.eml", envelope));

        Assert.Equal([SubscriberState.Confirmed, SubscriberState.Bounced, SubscriberState.Confirmed], await StatesAsync(house));
        var report = await house.ReportAsync(id);
        Assert.Equal((2, 1, 3), (report.Sent, report.Failed, report.Recipients));
        var row = (await house.RowsAsync(id))[1];
        Assert.Equal((DeliveryState.Failed, 550, "5.1.1", SkipReason.Bounced), (row.State, row.Code, row.Enhanced, row.Reason));
        Assert.Contains("User unknown in virtual mailbox table", row.Reply, StringComparison.Ordinal);

        var next = await house.SendNewAsync();
        Assert.Equal((2, 1), await house.WaitForAsync(next, IssueState.Sent) is var after ? (after.Sent, after.Skipped) : default);
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F21_soft_only_suppresses_after_three_issues_and_fourteen_days(string provider)
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(provider: provider, time: time);
        await house.PeopleAsync(1);
        async Task<SubscriberState> SoftAsync(long issue)
        {
            Assert.True(await TakeAsync(house, "soft/mailbox-full-522.eml", BounceOf(house, 1, issue)));
            return (await StatesAsync(house))[0];
        }

        foreach (var issue in new[] { 1, 2, 3, 4 })
        {
            Assert.Equal(SubscriberState.Confirmed, await SoftAsync(issue));
            time.Advance(TimeSpan.FromDays(3));
        }

        time.Advance(TimeSpan.FromDays(3));
        Assert.Equal(SubscriberState.Bounced, await SoftAsync(5));
    }

    [Fact]
    public async Task F21_many_days_but_two_issues_are_not_enough()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(time: time);
        await house.PeopleAsync(1);
        foreach (var issue in new[] { 1, 1, 2, 2 })
        {
            Assert.True(await TakeAsync(house, "soft/expired-441.eml", BounceOf(house, 1, issue)));
            time.Advance(TimeSpan.FromDays(10));
        }

        Assert.Equal(SubscriberState.Confirmed, (await StatesAsync(house))[0]);
    }

    [Theory]
    [InlineData("complaint/yahoo.eml")]
    [InlineData("complaint/redacted.eml")]
    public async Task A18_a_complaint_takes_the_person_off_also_when_the_address_is_redacted(string file)
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(2);
        var leave = TokensOf(house).Make(TokenPurpose.Leave, new Reader(house.ListId, 2, 1));

        Assert.True(await TakeAsync(house, file, "complaints@panel.example", leave: leave));
        Assert.Equal([SubscriberState.Confirmed, SubscriberState.Complained], await StatesAsync(house));
    }

    [Fact]
    public async Task A17_a_forged_address_is_nobody_and_changes_nothing()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var real = BounceOf(house, 1, 1);
        var door = house.App.Services.GetService(typeof(LmtpDoor)).As<LmtpDoor>();
        Assert.True(door.Knows(real));
        Assert.All(Enumerable.Range(7, real.IndexOf('@', StringComparison.Ordinal) - 7), at =>
            Assert.False(door.Knows(real[..at] + (real[at] == 'a' ? 'b' : 'a') + real[(at + 1)..]), $"bent at {at}"));
        Assert.False(door.Knows(real.Replace("bounce+", "unsubscribe+", StringComparison.Ordinal)));
        Assert.False(door.Knows("p1@a.example"));
    }

    [Fact]
    public async Task U9_a_mail_to_the_leave_address_leaves_whoever_wrote_it_and_a_report_to_it_does_not()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(2);
        var returns = house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>();
        string LeaveOf(long person) => returns.LeaveOf(TokensOf(house).Make(TokenPurpose.Leave, new Reader(house.ListId, person, 1)));

        Assert.True(await house.WithAsync<ReturnedMails, bool>(r => r.TakeAsync(new IncomingMail("other@elsewhere.example", LeaveOf(1), "Subject: x\r\n\r\n"u8.ToArray()), default)));
        Assert.True(await TakeAsync(house, "hard/postfix-01.eml", LeaveOf(2)));
        Assert.Equal([SubscriberState.Left, SubscriberState.Confirmed], await StatesAsync(house));
    }

    [Fact]
    public async Task F20_what_is_not_understood_is_kept_and_shown_and_takes_nobody_off()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        foreach (var file in ReturnedMailTests.Files.Where(f => !f.StartsWith("hard/", StringComparison.Ordinal) && !f.StartsWith("soft/", StringComparison.Ordinal) && !f.StartsWith("complaint/", StringComparison.Ordinal)))
        {
            Assert.True(await TakeAsync(house, file, BounceOf(house, 1, 1)));
        }

        Assert.Equal(SubscriberState.Confirmed, (await StatesAsync(house))[0]);
        var unclear = (await house.WithAsync<ReturnedMails, Outcome<IReadOnlyList<ReturnedPage>>>(r => r.ListAsync(house.Ann, "ann", "letters", ReturnedKind.Unclear, null, default))).Value!;
        Assert.Equal(16, unclear.Count);
        Assert.All(unclear, u => Assert.NotNull(u.Body));
        var page = await (await house.SignInAsync()).GetStringAsync(new Uri("/newsletters/letters/returned?kind=unclear", UriKind.Relative));
        Assert.Contains("PERMANENT fatal delivery errors", page, StringComparison.Ordinal);
    }

    /// <summary>RFC 3834 §2: a house that answers nothing cannot be one of two responders that write to each other for ever.</summary>
    [Fact]
    public async Task H11_whatever_comes_back_is_answered_by_nobody()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var id = await house.SendNewAsync();
        await house.WaitForAsync(id, IssueState.Sent);
        var returns = house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>();
        var leave = returns.LeaveOf(TokensOf(house).Make(TokenPurpose.Leave, new Reader(house.ListId, 1, id)));
        var files = ReturnedMailTests.Files.ToList();
        Assert.InRange(files.Count, 100, int.MaxValue);

        foreach (var file in files)
        {
            Assert.True(await TakeAsync(house, file, BounceOf(house, 1, id)));
            Assert.True(await TakeAsync(house, file, leave));
        }

        Assert.Equal(0, await house.WithAsync<PanelDb, int>(db => db.Set<Letter>().CountAsync()));
        Assert.Equal(0, await house.WithAsync<Letters, int>(l => l.CarryAsync(default)));
        Assert.Single(house.Sink.Accepted);
    }

    [Fact]
    public async Task A_bounce_that_comes_back_through_real_Postfix_suppresses_the_right_person()
    {
        using var folder = new TempFolder();
        await using var sink = ScriptedSink.Start(new SinkScript { Recipient = to => to == "p2@a.example" ? "550 5.1.1 <p2@a.example>: no such user here" : "250 2.1.5 Ok" });
        var lmtp = FreePort.Take();
        await using var postfix = await PostfixServer.StartAsync(sink.Port, lmtp);
        await using var panel = new CrashedPanel(folder, new Dictionary<string, string>
        {
            ["Mail__Transport"] = "smtp",
            ["Mail__Smtp__Port"] = postfix.Port.ToString(CultureInfo.InvariantCulture),
            ["Mail__Lmtp__Listen"] = $"127.0.0.1:{lmtp}",
            ["Mail__ReturnDomain"] = PostfixServer.ReturnDomain,
            ["Newsletters__Hold"] = "00:00:00",
        });
        await panel.StartAsync();
        await panel.CallAsync(HttpMethod.Post, "/members", new { handle = "ann", email = "ann@example.org" });
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <letters@annart.example>", postalAddress = "1 Main Street" });
        using var csv = new StringContent("email\np1@a.example\np2@a.example\np3@a.example\n", System.Text.Encoding.UTF8, "text/csv");
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/subscribers/import?consent=signed%20the%20paper%20list%20in%20May", csv);
        var issue = (long)(await panel.CallAsync(HttpMethod.Post, "/members/ann/lists/letters/issues", new { subject = "Hello", markdown = "Dear {name|friend}, news." }))["id"]!;
        await panel.CallAsync(HttpMethod.Post, $"/issues/{issue}/dispatch", new { });

        await UntilAsync(async () => await StateAsync(panel, 1) == "bounced", postfix);
        var report = await panel.CallAsync(HttpMethod.Get, $"/issues/{issue}/report?deliveries=true");
        var failed = Assert.Single(report["deliveries"]!.AsArray(), d => (string)d!["state"]! == "failed")!;
        Assert.Equal(("p2@a.example", "bounced"), ((string)failed["email"]!, (string)failed["reason"]!));
        Assert.Contains("no such user here", (string)failed["reply"]!, StringComparison.Ordinal);
        Assert.Equal(["p1@a.example", "p3@a.example"], sink.Accepted.Select(m => m.To).Order());

        // And back in by mail: a reader's mail program writes to the leave address.
        var letter = sink.Accepted.First(m => m.To == "p1@a.example").Text;
        var box = letter[(letter.IndexOf("<mailto:", StringComparison.Ordinal) + 8)..].Split('>')[0];
        using (var program = new SmtpClient("127.0.0.1", postfix.Port))
        {
            await program.SendMailAsync("somebody@a.example", box, "unsubscribe", "unsubscribe");
        }

        await UntilAsync(async () => await StateAsync(panel, 0) == "left", postfix);
        Assert.Equal("confirmed", await StateAsync(panel, 2));
    }

    private static async Task<string> StateAsync(CrashedPanel panel, int person) =>
        (string)((JsonArray)await panel.CallAsync(HttpMethod.Get, "/members/ann/lists/letters/subscribers"))[person]!["state"]!;

    private static async Task UntilAsync(Func<Task<bool>> holds, PostfixServer postfix)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, postfix.Log);
            await looks.WaitForNextTickAsync();
        }
    }

    private static ReaderTokens TokensOf(IssueHouse house) => house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>();

    private static string BounceOf(IssueHouse house, long person, long issue) =>
        house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>().BounceOf(new Reader(house.ListId, person, issue));

    private static Task<bool> TakeAsync(IssueHouse house, string file, string recipient, string leave = "LEAVE")
    {
        var (sender, message) = ReturnedMailTests.Bytes(file, leave: leave);
        return house.WithAsync<ReturnedMails, bool>(r => r.TakeAsync(new IncomingMail(sender, recipient, message), default));
    }

    private static async Task<List<SubscriberState>> StatesAsync(IssueHouse house) =>
        [.. (await house.WithAsync<Subscribers, Outcome<IReadOnlyList<SubscriberPage>>>(s => s.ListAsync(PanelApp.Admin, "ann", "letters", null, null, default))).Value!.Select(s => s.State)];
}
