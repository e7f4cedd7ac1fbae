using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>Rules of newsletters that no other file tests under their name.</summary>
public sealed class NamedRuleTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Fact]
    public async Task U11_no_mail_of_the_house_carries_a_leave_link_that_leads_nowhere()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync("reader@a.example");
        using var visitor = house.App.Visitor();
        await visitor.PostAsync(new Uri("/lists/ann/letters", UriKind.Relative), new FormUrlEncodedContent([KeyValuePair.Create("email", "new@a.example")]));
        var copy = house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>().Make(TokenPurpose.Preferences, new Reader(house.ListId, 1, 0));
        await visitor.PostAsync(new Uri($"/p/{copy}/copy", UriKind.Relative), null);
        await house.UntilAsync(() => Task.FromResult(house.Sink.Accepted.Count == 2));

        foreach (var mail in house.Sink.Accepted)
        {
            var head = mail.Text[..mail.Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
            Assert.DoesNotContain("List-", head, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Precedence", head, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("Auto-Submitted: auto-generated", head, StringComparison.Ordinal);
            Assert.DoesNotContain("/u/", Encoding.UTF8.GetString(Convert.FromBase64String(mail.Text[(head.Length + 4)..].ReplaceLineEndings("").TrimEnd('.'))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task U12_five_hundred_posts_from_one_address_are_all_answered_also_when_everything_else_is_closed()
    {
        const int people = 100;
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\n" + string.Concat(Enumerable.Range(0, people).Select(n => $"p{n}@example.net\n")));
        var links = new List<string>();
        for (var n = 0; n < people; n++)
        {
            links.Add(await house.LinkAsync(TokenPurpose.Leave, $"p{n}@example.net", issue: 7));
        }

        // The form is shut, the list was removed, its owner is suspended: who leaves must not notice.
        await house.RowsAsync(db => db.Set<MailingList>().ExecuteUpdateAsync(set => set.SetProperty(l => l.FormClosedAt, DateTime.UtcNow).SetProperty(l => l.RemovedAt, DateTime.UtcNow)));
        await house.RowsAsync(db => db.Users.ExecuteUpdateAsync(set => set.SetProperty(m => m.SuspendedAt, DateTime.UtcNow)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5 * people).Select(async n =>
        {
            using var answer = await house.PostAsync(links[n % people], ("List-Unsubscribe", "One-Click"));
            return answer.StatusCode;
        }));

        Assert.Equal(5 * people, answers.Count(a => a == HttpStatusCode.OK));
        Assert.Equal(people, await house.RowsAsync(db => db.Set<Subscriber>().CountAsync(s => s.State == SubscriberState.Left)));
    }

    [Fact]
    public async Task L8_every_issue_says_truly_who_writes_from_where_and_how_to_leave()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync("reader@a.example");
        var id = await house.DraftAsync("An honest subject");
        await house.SendAsync(id);
        await house.WaitForAsync(id, IssueState.Sent);

        var read = await Mail.ForeignReader.ReadAsync(house.Sink.Accepted.Single().Bytes);
        Assert.Equal("An honest subject", read.One("Subject"));
        Assert.Contains("letters@annart.example", house.Sink.Accepted.Single().Text, StringComparison.Ordinal);
        foreach (var part in new[] { read.Text, read.Html })
        {
            Assert.Contains("1 Main Street, Berlin", part, StringComparison.Ordinal);
            Assert.Matches("http://localhost/u/[a-z2-7]{30,}", part);
        }

        // Whoever gives no street address still says who writes, and is told before sending.
        await house.WithAsync<Lists, Outcome<ListPage>>(l => l.UpdateAsync(house.Ann, "ann", "letters", new ListChange(PostalAddress: ""), default));
        var second = await house.DraftAsync("Second");
        Assert.False((await house.WithAsync<Dispatches, Outcome<DispatchPlan>>(d => d.PlanAsync(house.Ann, second, null, default))).Value!.HasPostalAddress);
        await house.SendAsync(second);
        await house.WaitForAsync(second, IssueState.Sent);
        Assert.Contains("Ann <letters@annart.example>", (await Mail.ForeignReader.ReadAsync(house.Sink.Accepted.Last().Bytes)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void V9_a_token_is_compared_whole_in_fixed_time_and_nothing_stands_in_for_it()
    {
        using var app = new PanelApp();
        var tokens = app.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>();
        var token = tokens.Make(TokenPurpose.Leave, new Reader(1, 2, 3));
        Assert.NotNull(tokens.Read(TokenPurpose.Leave, token));
        foreach (var other in new[] { "0", "true", "1", "null", "[]", "0e0", token + "a", token[..^1], "a" + token, token.Replace(token[^2], token[^2] == 'a' ? 'b' : 'a'), " " + token, token + "\0", new string('a', token.Length) })
        {
            Assert.Null(tokens.Read(TokenPurpose.Leave, other));
        }

        // Every MAC and every one-time code in the house is compared by the one function that takes the same time for every wrong one.
        var root = Path.Combine(EndToEnd.House.Root, "Panel.Services");
        var compares = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText)
            .Where(t => t.Contains("HMACSHA256.HashData", StringComparison.Ordinal) && (t.Contains("SequenceEqual(mac", StringComparison.OrdinalIgnoreCase) || t.Contains("== mac", StringComparison.OrdinalIgnoreCase)));
        Assert.Empty(compares);
        Assert.Contains("FixedTimeEquals(mac", File.ReadAllText(Path.Combine(root, "Newsletters", "ReaderTokens.cs")), StringComparison.Ordinal);
    }
}
