using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

public sealed class SegmentTests
{
    private const string Hostile = "x') OR 1=1; DROP TABLE subscribers; --";

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task V4_a_segment_is_a_tree_of_known_kinds_and_a_value_is_only_ever_a_value(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ChangeAsync(c => c with { Fields = "city" });
        await house.ImportAsync($"email,name,city\na@example.net,Ada,Zürich\nb@example.net,Bo,ZÜRICH West\nc@example.net,Cy,\"{Hostile}\"\n");
        using var api = house.App.Operator();

        Assert.Equal(["a@example.net", "b@example.net"], await InAsync(api, "z", """{"is":"contains","field":"city","value":"zürich"}"""));
        Assert.Equal(["c@example.net"], await InAsync(api, "h", $$"""{"is":"equals","field":"city","value":"{{Hostile}}"}"""));
        Assert.Equal(["b@example.net", "c@example.net"], await InAsync(api, "n", """{"of":{"is":"equals","field":"name","value":"ada"},"is":"not"}"""));
        Assert.Equal(3, await house.RowsAsync(db => db.Set<Subscriber>().CountAsync()));
        foreach (var no in new[]
        {
            "\"state = 'Confirmed'\"", """{"is":"sql","text":"1=1"}""", """{"is":"equals","field":"city') OR ('1'='1","value":"x"}""", """{"is":"equals","field":"city","value":"x","or":"1=1"}""",
            """{"field":"city","value":"x"}""", """{"is":"all","of":[]}""", """{"is":"all","of":[null]}""", """{"is":"state","state":"Confirmed' OR 1=1"}""", "null", """{"is":"not"}""",
            string.Concat(Enumerable.Repeat("""{"is":"not","of":""", 8)) + """{"is":"state","state":"left"}""" + new string('}', 8),
        })
        {
            using var refused = await api.PostAsJsonAsync("/api/v1/members/ann/lists/letters/segments", JsonNode.Parse($$"""{"name":"no","rule":{{no}}}"""));
            Assert.True(refused.StatusCode == HttpStatusCode.UnprocessableEntity, $"{no}: {(int)refused.StatusCode}");
        }
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_frozen_recipients_are_those_of_the_segment_and_a_state_in_it_reaches_nobody_who_left(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(7);
        await house.PeopleAsync(SubscriberState.Left, "p8@b.example", "gone@a.example");
        var segment = await AddAsync(house, new AllOf([new FieldContains("email", "@a.example"), new NotSo(new FieldEquals("email", "p3@a.example"))]));
        var id = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords("Hello", "News.", Segment: segment), default))).Value!;
        Assert.Equal((6, "near"), (id.Mails, id.Segment));

        await house.SendAsync(id.Id);
        var report = await house.WaitForAsync(id.Id, IssueState.Sent);

        Assert.Equal((7, 6, 1), (report.Recipients, report.Sent, report.Skipped));
        Assert.Equal(["p1@a.example", "p2@a.example", "p4@a.example", "p5@a.example", "p6@a.example", "p7@a.example"], house.AcceptedTo().Order());
    }

    [Fact]
    public async Task A_list_longer_than_a_page_is_read_to_its_end()
    {
        await using var house = await IssueHouse.StartAsync();
        const int people = Services.Newsletters.Sending.LedgerStore.FreezePage + 40;
        await house.PeopleAsync([.. Enumerable.Range(0, people).Select(n => $"p{n}@{(n < people - 3 ? "far" : "near")}.example")]);
        var id = (await house.WithAsync<Issues, Outcome<IssuePage>>(async i =>
            await i.AddAsync(house.Ann, "ann", "letters", new IssueWords("Hello", "News.", Segment: await AddAsync(house, new FieldContains("email", "@near."))), default))).Value!;

        await house.SendAsync(id.Id);

        Assert.Equal(3, (await house.WaitForAsync(id.Id, IssueState.Sent)).Recipients);
    }

    [Fact]
    public async Task What_an_issue_was_given_stays_when_the_segment_goes_and_drafts_follow_a_change()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync("a@a.example", "b@b.example");
        var segment = await AddAsync(house, new FieldEquals("email", "a@a.example"));
        var id = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords("Hello", "News.", Segment: segment), default))).Value!.Id;

        await house.WithAsync<Segments, Outcome<SegmentPage>>(s => s.UpdateAsync(house.Ann, "ann", "letters", segment, "two", new FieldContains("email", "@"), default));
        Assert.Equal((2, "two"), await OfAsync(house, id));
        await house.WithAsync<Segments, Outcome<Done>>(s => s.RemoveAsync(house.Ann, "ann", "letters", segment, default));
        Assert.Equal((2, "two"), await OfAsync(house, id));
        var back = await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(house.Ann, id, new IssueWords("Hello", "News.", Segment: segment), default));
        Assert.Equal("segment", back.Refused!.Field);
    }

    [Fact]
    public async Task A_page_without_a_script_makes_a_segment_shows_its_people_and_sends_to_it()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(3);
        await house.PeopleAsync("other@b.example");
        using var browser = await house.SignInAsync();

        using var wrong = await browser.SendFormAsync("/newsletters/letters/segments", "/newsletters/letters/segments", ("Name", "near"), ("Rows[0].What", "joined"), ("Rows[0].How", "has"), ("Rows[0].Value", "x"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Contains("a day such as 2026-05-01", WebUtility.HtmlDecode(await wrong.Content.ReadAsStringAsync()), StringComparison.Ordinal);
        using var made = await browser.SendFormAsync("/newsletters/letters/segments", "/newsletters/letters/segments", ("Name", "near"), ("Match", "all"),
            ("Rows[0].What", "field:email"), ("Rows[0].How", "has"), ("Rows[0].Value", "a.example"), ("Rows[1].What", "joined"), ("Rows[1].How", "after"), ("Rows[1].Value", "2026-01-01"));
        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);

        var id = await house.WithAsync<PanelDb, long>(db => db.Set<Segment>().Select(s => s.Id).SingleAsync());
        Assert.DoesNotContain("other@b.example", await browser.GetStringAsync($"/newsletters/letters/subscribers?segment={id}"), StringComparison.Ordinal);
        Assert.Contains("value=\"2026-01-01\"", await browser.GetStringAsync($"/newsletters/letters/segments/{id}"), StringComparison.Ordinal);
        using var draft = await browser.SendFormAsync("/newsletters/letters/issues/new", "/newsletters/letters/issues", ("Form.Subject", "Near"), ("Form.Markdown", "News."), ("Form.Segment", $"{id}"), ("Form.Then", "send"));
        var last = WebUtility.HtmlDecode(await browser.GetStringAsync(draft.Headers.Location));
        Assert.Contains("Send to 3 people now", last, StringComparison.Ordinal);
        Assert.Contains("email contains a.example and joined on 2026-01-01 or later", last, StringComparison.Ordinal);
    }

    private static async Task<(int, string?)> OfAsync(IssueHouse house, long id)
    {
        var page = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.ShowAsync(house.Ann, id, default))).Value!;
        return (page.Mails, page.Segment);
    }

    private static async Task<long> AddAsync(IssueHouse house, SegmentRule rule) =>
        (await house.WithAsync<Segments, Outcome<SegmentPage>>(s => s.AddAsync(house.Ann, "ann", "letters", "near", rule, default))).Value!.Id;

    private static async Task<string[]> InAsync(HttpClient api, string name, string rule)
    {
        using var added = await api.PostAsJsonAsync("/api/v1/members/ann/lists/letters/segments", JsonNode.Parse($$"""{"name":"{{name}}","rule":{{rule}}}"""));
        Assert.True(added.IsSuccessStatusCode, await added.Content.ReadAsStringAsync());
        var segment = JsonNode.Parse(await added.Content.ReadAsStringAsync())!;
        var people = JsonNode.Parse(await api.GetStringAsync($"/api/v1/members/ann/lists/letters/subscribers?segment={segment["id"]}"))!.AsArray();
        Assert.Equal(people.Count, (int)segment["people"]!);
        return [.. people.Select(p => (string)p!["email"]!)];
    }
}
