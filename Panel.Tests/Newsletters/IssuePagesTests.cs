using System.Net;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Tests.Mail;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

/// <summary>Writing, the last screen, and the report, in a browser without scripts.</summary>
public class IssuePagesTests
{
    [Fact]
    public async Task An_issue_is_written_looked_at_sent_and_reported_without_scripts()
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { Recipient = to => to == "p2@a.example" ? "550 5.1.1 <no> such user" : "250 Ok" });
        await house.PeopleAsync(5);
        await house.PeopleAsync(SubscriberState.Left, "gone@a.example");
        using var ann = await house.SignInAsync();
        Assert.Contains("Nothing written yet", await ann.GetStringAsync("/newsletters/letters/issues"), StringComparison.Ordinal);

        using var empty = await ann.SendFormAsync("/newsletters/letters/issues/new", "/newsletters/letters/issues", ("Form.Subject", ""), ("Form.Markdown", ""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.StatusCode);
        using var saved = await ann.SendFormAsync(
            "/newsletters/letters/issues/new", "/newsletters/letters/issues", ("Form.Subject", "Opening <b>"), ("Form.Markdown", "Hello {name|friend}"), ("Form.Then", "send"));
        Assert.Equal((HttpStatusCode.SeeOther, "/newsletters/letters/issues/1/dispatch/new"), (saved.StatusCode, saved.Headers.Location!.OriginalString));

        var last = await ann.GetStringAsync("/newsletters/letters/issues/1/dispatch/new?At=2036-01-02T09:00");
        Assert.Contains("at most a year ahead", last, StringComparison.Ordinal);
        last = await ann.GetStringAsync("/newsletters/letters/issues/1/dispatch/new");
        Assert.Contains("Send to 5 people now", last, StringComparison.Ordinal);
        using var sent = await ann.SendFormAsync("/newsletters/letters/issues/1/dispatch/new", "/newsletters/letters/issues/1/dispatch");
        Assert.Equal((HttpStatusCode.SeeOther, "/newsletters/letters/issues/1"), (sent.StatusCode, sent.Headers.Location!.OriginalString));
        await house.WaitForAsync(1, IssueState.Sent);

        var report = await ann.GetStringAsync("/newsletters/letters/issues/1");
        Assert.Contains("4 of 6 were accepted", report, StringComparison.Ordinal);
        Assert.Contains("550 5.1.1 &lt;no&gt; such user", report, StringComparison.Ordinal);
        Assert.Contains("Left the list, so this issue was not sent.", report, StringComparison.Ordinal);
        Assert.Contains("panel issue report 1 --deliveries", report, StringComparison.Ordinal);
        var left = await ann.GetStringAsync("/newsletters/letters/issues/1?state=skipped");
        Assert.Contains("gone@a.example", left, StringComparison.Ordinal);
        Assert.DoesNotContain("p1@a.example", left, StringComparison.Ordinal);
    }

    [Fact]
    public async Task V2_the_preview_is_sandboxed_and_a_test_mail_is_the_very_mail()
    {
        await using var house = await IssueHouse.StartAsync();
        using var ann = await house.SignInAsync();
        var id = await house.DraftAsync();

        using var preview = await ann.GetAsync($"/newsletters/letters/issues/{id}/preview");
        Assert.StartsWith("sandbox;", preview.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("Dear friend", await preview.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains($"/newsletters/letters/issues/{id}/preview", await ann.GetStringAsync($"/newsletters/letters/issues/{id}/edit"), StringComparison.Ordinal);

        using var tested = await ann.SendFormAsync($"/newsletters/letters/issues/{id}/edit", $"/newsletters/letters/issues/{id}/tests", ("to", "me@annart.example"));
        Assert.Contains("To me@annart.example: accepted", await tested.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var mail = Assert.Single(house.Sink.Accepted);
        Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click", mail.Text, StringComparison.Ordinal);
        Assert.StartsWith("DKIM-Signature:", mail.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_issue_is_not_there_and_a_held_one_is_taken_back_by_a_button()
    {
        await using var house = await IssueHouse.StartAsync(hold: "00:05:00");
        await house.PeopleAsync(2);
        using var ann = await house.SignInAsync();
        using var bob = await house.App.SignInAsync("bob");
        var id = await house.SendNewAsync();

        foreach (var path in new[] { "", "/edit", "/preview", "/dispatch/new" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync(new Uri($"/newsletters/letters/issues/{id}{path}", UriKind.Relative))).StatusCode);
        }

        Assert.Contains("Take it back to change it", await ann.GetStringAsync($"/newsletters/letters/issues/{id}"), StringComparison.Ordinal);
        using var back = await ann.SendFormAsync($"/newsletters/letters/issues/{id}", $"/newsletters/letters/issues/{id}/dispatch/end");
        Assert.Equal(HttpStatusCode.SeeOther, back.StatusCode);
        Assert.Equal(IssueState.Draft, await house.StateAsync(id));
    }

    [Fact]
    public async Task F13_an_empty_list_is_refused_the_number_is_on_the_button_and_a_jump_is_said()
    {
        await using var house = await IssueHouse.StartAsync();
        using var ann = await house.SignInAsync();
        var first = await house.DraftAsync("First");
        Assert.Contains("nobody to send to", (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(house.Ann, first, null, default))).Refused!.Message, StringComparison.Ordinal);

        await house.PeopleAsync(10);
        await house.SendAsync(first);
        await house.WaitForAsync(first, IssueState.Sent);
        await house.PeopleAsync(3, "more.example");
        var second = await house.DraftAsync("Second");
        var last = WebUtility.HtmlDecode(await ann.GetStringAsync($"/newsletters/letters/issues/{second}/dispatch/new"));

        Assert.Contains("<button class=\"button act\">Send to 13 people now</button>", last, StringComparison.Ordinal);
        Assert.Contains("The last issue went to 10 people, this one goes to 13", last, StringComparison.Ordinal);
        Assert.Contains("The same text stands in issue", last, StringComparison.Ordinal);
        using var copied = await ann.SendFormAsync($"/newsletters/letters/issues/{first}", $"/newsletters/letters/issues/{first}/copies");
        Assert.Contains("Subject", await ann.GetStringAsync(copied.Headers.Location), StringComparison.Ordinal);
    }
}
