using System.Net;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Approving;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

public sealed class ApprovalTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task V8_nothing_goes_out_before_somebody_else_approved_exactly_this_version(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(2);
        var (bob, eve) = (await house.App.MemberAsync("bob"), await house.App.MemberAsync("eve"));
        await WantAsync(house, "bob");
        var id = await house.DraftAsync();

        Assert.Contains("bob or an admin", (await SendAsync(house, house.Ann, id)).Refused!.Message, StringComparison.Ordinal);
        Assert.IsType<NotAllowed>((await ApproveAsync(house, house.Ann, id)).Refused);
        Assert.IsType<NotThere>((await ApproveAsync(house, eve, id)).Refused);
        Assert.IsType<InTheWay>((await house.WithAsync<Approvals, Outcome<ApprovalPage>>(a => a.ApproveAsync(bob, id, "0123456789", default))).Refused);

        Assert.Equal("bob", (await ApproveAsync(house, bob, id)).Value!.ApprovedBy);
        await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(house.Ann, id, new IssueWords("Hello", "Other news."), default));
        Assert.Contains("approve this version", (await SendAsync(house, house.Ann, id)).Refused!.Message, StringComparison.Ordinal);

        var minds = await house.WithAsync<Approvals, Outcome<ApprovalPage>>(async a => await a.ObjectAsync(bob, id, (await a.ShowAsync(bob, id, default)).Value!.Version, "the date is wrong", default));
        Assert.Null(minds.Refused);
        Assert.Contains("the date is wrong", (await SendAsync(house, house.Ann, id)).Refused!.Message, StringComparison.Ordinal);
        Assert.Null((await ApproveAsync(house, bob, id)).Refused);
        Assert.Null((await SendAsync(house, house.Ann, id)).Refused);
        Assert.Equal(2, (await house.WaitForAsync(id, IssueState.Sent)).Sent);
    }

    [Fact]
    public async Task V8_who_approved_cannot_be_who_sends_and_a_change_before_the_start_asks_again()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(time: time);
        await house.PeopleAsync(1);
        await WantAsync(house, null);
        var id = await house.DraftAsync();
        Assert.Null((await ApproveAsync(house, PanelApp.Admin, id)).Refused);
        Assert.Contains("somebody else", (await SendAsync(house, PanelApp.Admin, id)).Refused!.Message, StringComparison.Ordinal);

        await house.SendAsync(id, time.GetUtcNow().AddHours(1));
        await house.WithAsync<Lists, Outcome<ListPage>>(l => l.UpdateAsync(house.Ann, "ann", "letters", new ListChange("Another title", "", "1 Main Street", "I want to get it."), default));
        time.Advance(TimeSpan.FromMinutes(61));
        await house.WithAsync<Dispatches, int>(d => d.StartDueAsync(default));

        Assert.Equal(IssueState.Asking, await house.StateAsync(id));
        Assert.All(house.AcceptedTo(), to => Assert.Equal("ann@example.org", to)); // The answer, and nothing to a reader.
    }

    [Fact]
    public async Task V8_looking_approves_nothing_and_a_post_does()
    {
        await using var house = await IssueHouse.StartAsync();
        using var bob = await house.App.SignInAsync("bob");
        await WantAsync(house, "bob");
        var id = await house.DraftAsync();

        foreach (var path in new[] { "/approvals", $"/approvals/{id}", $"/approvals/{id}/preview", $"/approvals/{id}?version=x", $"/approvals/{id}/objection" })
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
            {
                using var look = await bob.SendAsync(new HttpRequestMessage(method, path));
                Assert.True((int)look.StatusCode is 200 or 405 or 404, path);
            }
        }

        Assert.Null((await house.WithAsync<Approvals, Outcome<ApprovalPage>>(a => a.ShowAsync(PanelApp.Admin, id, default))).Value!.ApprovedBy);
        var version = (await house.WithAsync<Approvals, Outcome<ApprovalPage>>(a => a.ShowAsync(PanelApp.Admin, id, default))).Value!.Version;
        using var bare = await bob.PostAsync(new Uri($"/approvals/{id}", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("version", version)]));
        Assert.Equal(HttpStatusCode.BadRequest, bare.StatusCode);
        using var said = await bob.SendFormAsync($"/approvals/{id}", $"/approvals/{id}", ("version", version));
        Assert.Equal(HttpStatusCode.SeeOther, said.StatusCode);
        Assert.Equal("bob", (await house.WithAsync<Approvals, Outcome<ApprovalPage>>(a => a.ShowAsync(house.Ann, id, default))).Value!.ApprovedBy);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V8_the_second_person_is_asked_by_mail_once_a_version_and_the_author_hears_the_answer(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(1);
        var bob = await house.App.MemberAsync("bob");
        await WantAsync(house, "bob");
        var id = await house.DraftAsync();

        Assert.IsType<NotAllowed>((await AskAsync(house, bob, id)).Refused);
        Assert.True((await AskAsync(house, house.Ann, id)).Value!.Asked);
        Assert.Contains("bob or an admin got a mail", (await AskAsync(house, house.Ann, id)).Refused!.Message, StringComparison.Ordinal);
        Assert.Equal([("bob@example.org", true)], (await MailsAsync(house)).Select(m => (m.Email, m.Text.Contains($"http://localhost/approvals/{id}", StringComparison.Ordinal))));

        await house.WithAsync<Approvals, Outcome<ApprovalPage>>(async a => await a.ObjectAsync(bob, id, (await a.ShowAsync(bob, id, default)).Value!.Version, "the date is wrong", default));
        Assert.Contains("change it first", (await AskAsync(house, house.Ann, id)).Refused!.Message, StringComparison.Ordinal);
        await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(house.Ann, id, new IssueWords("Hello", "The right date."), default));
        Assert.True((await AskAsync(house, house.Ann, id)).Value!.Asked);
        Assert.Null((await ApproveAsync(house, bob, id)).Refused);

        var mails = await MailsAsync(house);
        Assert.Equal(["bob@example.org", "ann@example.org", "bob@example.org", "ann@example.org"], mails.Select(m => m.Email));
        Assert.Contains("the date is wrong", mails[1].Text, StringComparison.Ordinal);
        Assert.StartsWith("Approved: ", mails[3].Subject, StringComparison.Ordinal);
    }

    private static Task<Outcome<ApprovalPage>> AskAsync(IssueHouse house, Actor by, long id) => house.WithAsync<Approvals, Outcome<ApprovalPage>>(a => a.AskAsync(by, id, default));

    private static Task<List<Letter>> MailsAsync(IssueHouse house) =>
        house.WithAsync<PanelDb, List<Letter>>(db => db.Set<Letter>().AsNoTracking().Where(l => l.Kind == "approval").OrderBy(l => l.Id).ToListAsync());

    private static Task<Outcome<IssuePage>> SendAsync(IssueHouse house, Actor by, long id) => house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(by, id, null, default));

    private static Task<Outcome<ApprovalPage>> ApproveAsync(IssueHouse house, Actor by, long id) => house.WithAsync<Approvals, Outcome<ApprovalPage>>(async a =>
        await a.ApproveAsync(by, id, (await a.ShowAsync(PanelApp.Admin, id, default)).Value!.Version, default));

    private static async Task WantAsync(IssueHouse house, string? approver) => Assert.Null((await house.WithAsync<Lists, Outcome<ListPage>>(l => l.UpdateAsync(
        house.Ann, "ann", "letters", new ListChange("Ann's letters", "", "1 Main Street, Berlin", "I want to get it.", Approval: true, Approver: approver), default))).Refused);
}
