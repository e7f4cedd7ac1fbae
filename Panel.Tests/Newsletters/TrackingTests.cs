using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Tracking;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

public sealed partial class TrackingTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task L6_no_pixel_and_no_rewritten_link_for_anybody_who_did_not_agree(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync("yes@a.example", "no@a.example");
        await AgreeAsync(house, "yes@a.example"); // Nothing is counted while the list does not ask, whatever a person once said.
        Assert.DoesNotContain("/t/", await MailAsync(house, await SendAsync(house), "yes@a.example"), StringComparison.Ordinal);

        await OfferAsync(house);
        var id = await SendAsync(house);
        Assert.Matches(@"http://localhost/t/[a-z2-7]+/0""", await MailAsync(house, id, "yes@a.example"));
        Assert.Matches(@"http://localhost/t/[a-z2-7]+/o\.gif", await MailAsync(house, id, "yes@a.example"));
        var plain = await MailAsync(house, id, "no@a.example");
        Assert.DoesNotContain("/t/", plain, StringComparison.Ordinal);
        Assert.Contains("https://annart.example/opening?a=1&amp;b=2", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", plain, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task L6_a_reader_says_yes_and_no_on_the_preferences_page_and_a_no_deletes(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ImportAsync("email\nmira@example.net\n");
        var link = await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net");
        Assert.DoesNotContain("/tracking", await house.Visitor.GetStringAsync(link), StringComparison.Ordinal);
        using var unasked = await house.PostAsync(link + "/tracking");
        Assert.Null(await TrackedAsync(house));

        await house.ChangeAsync(c => c with { Tracking = true });
        Assert.Contains(link + "/tracking\"", await house.Visitor.GetStringAsync(link), StringComparison.Ordinal);
        using var looked = await house.Visitor.GetAsync(link + "/tracking");
        Assert.Null(await TrackedAsync(house));
        using var yes = await house.PostAsync(link + "/tracking");
        Assert.NotNull(await TrackedAsync(house));
        Assert.Contains("deleted after 90 days", await house.RowsAsync(db => db.Set<Consent>().Where(c => c.Form == "tracking").Select(c => c.Text).SingleAsync()), StringComparison.Ordinal);

        var issue = await house.SentAsync("Hello");
        await house.RowsAsync(async db =>
        {
            var person = await db.Set<Subscriber>().SingleAsync();
            db.Add(new Opening { IssueId = issue, SubscriberId = person.Id, At = DateTime.UtcNow });
            db.Add(new Click { IssueId = issue, SubscriberId = person.Id, Link = 0, At = DateTime.UtcNow });
            return await db.SaveChangesAsync();
        });
        using var no = await house.PostAsync(link + "/tracking/end");
        Assert.Null(await TrackedAsync(house));
        Assert.Equal(0, await house.RowsAsync(async db => await db.Set<Opening>().CountAsync() + await db.Set<Click>().CountAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task F22_an_open_within_five_seconds_or_a_HEAD_is_nobody(string provider)
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(provider: provider, time: time);
        await house.PeopleAsync("yes@a.example");
        await OfferAsync(house);
        await AgreeAsync(house, "yes@a.example");
        var id = await SendAsync(house);
        var mail = await MailAsync(house, id, "yes@a.example");
        var (pixel, link) = (Pixel().Match(mail).Value, Link().Match(mail).Value);
        using var reader = house.App.Visitor();

        time.Advance(TimeSpan.FromSeconds(4));
        await reader.GetAsync(new Uri(pixel));
        using var scanned = await reader.GetAsync(new Uri(link));
        Assert.Equal("https://annart.example/opening?a=1&b=2", scanned.Headers.Location!.AbsoluteUri);
        time.Advance(TimeSpan.FromSeconds(20));
        await reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, pixel));
        await reader.SendAsync(new HttpRequestMessage(HttpMethod.Head, link));
        Assert.Equal((0, 0), await CountAsync(house, id));

        await reader.GetAsync(new Uri(pixel));
        Assert.Equal((1, 0), await CountAsync(house, id));
        await reader.GetAsync(new Uri(link));
        await reader.GetAsync(new Uri(link));
        Assert.Equal((1, 1), await CountAsync(house, id));
    }

    [Fact]
    public async Task V3_V12_a_counted_link_leads_only_to_where_the_issue_points()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync("yes@a.example");
        await OfferAsync(house);
        await AgreeAsync(house, "yes@a.example");
        var id = await SendAsync(house);
        var link = Link().Match(await MailAsync(house, id, "yes@a.example")).Value;
        var token = link.Split('/')[^2];
        using var anybody = house.App.Visitor();

        foreach (var path in new[]
        {
            $"/t/{token}/2", $"/t/{token}/-1", $"/t/{token}/99999999999", $"/t/{token}/0?to=https://evil.example", $"/t/{token}/https:%2F%2Fevil.example", $"/t/{token[..^1]}/0", $"/t/{token[1..]}/0",
            $"/t/{Flip(token)}/0",
        })
        {
            using var answer = await anybody.GetAsync(path);
            Assert.DoesNotContain("evil", answer.Headers.Location?.ToString() ?? "", StringComparison.Ordinal);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound || answer.Headers.Location!.Host == "annart.example", path);
        }

        // Nor does one of the other tokens in the mail stand in for it, or this one for them.
        foreach (var other in new[] { "u", "p", "c", "x" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await anybody.GetAsync($"/{other}/{token}")).StatusCode);
        }
    }

    [Fact]
    public async Task L5_opens_and_clicks_have_a_lifetime()
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(time: time);
        var issue = await house.SentAsync("Hello");
        await house.RowsAsync(db =>
        {
            db.Add(new Opening { IssueId = issue, SubscriberId = 1, At = time.GetUtcNow().UtcDateTime });
            db.Add(new Click { IssueId = issue, SubscriberId = 1, Link = 0, At = time.GetUtcNow().UtcDateTime });
            return db.SaveChangesAsync();
        });

        time.Advance(Tracks.Kept - TimeSpan.FromDays(1));
        await house.WithAsync<ReaderCare, int>(c => c.TidyAsync(default));
        Assert.Equal(2, await house.RowsAsync(async db => await db.Set<Opening>().CountAsync() + await db.Set<Click>().CountAsync()));
        time.Advance(TimeSpan.FromDays(2));
        await house.WithAsync<ReaderCare, int>(c => c.TidyAsync(default));
        Assert.Equal(0, await house.RowsAsync(async db => await db.Set<Opening>().CountAsync() + await db.Set<Click>().CountAsync()));
    }

    private static string Flip(string token) => (token[0] == 'a' ? 'b' : 'a') + token[1..];

    private static Task<DateTime?> TrackedAsync(ReaderHouse house) => house.RowsAsync(db => db.Set<Subscriber>().Select(s => s.TrackedAt).SingleAsync());

    private static async Task<(int, int)> CountAsync(IssueHouse house, long id)
    {
        var report = (await house.ReportAsync(id)).Tracking!;
        return (report.Opened, report.Clicked);
    }

    private static Task<Outcome<ListPage>> OfferAsync(IssueHouse house) => house.WithAsync<Lists, Outcome<ListPage>>(l =>
        l.UpdateAsync(house.Ann, "ann", "letters", new ListChange("Ann's letters", "", "1 Main Street, Berlin", "I want to get it.", Tracking: true), default));

    private static Task<int> AgreeAsync(IssueHouse house, string email) => house.WithAsync<PanelDb, int>(db =>
        db.Set<Subscriber>().Where(s => s.Email == email).ExecuteUpdateAsync(set => set.SetProperty(s => s.TrackedAt, new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc))));

    private static async Task<long> SendAsync(IssueHouse house)
    {
        var words = new IssueWords("Hello", "Come [to the opening](https://annart.example/opening?a=1&b=2) or [write](mailto:ann@annart.example).\n\n[See it](https://annart.example/see \"button\")");
        var id = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", words, default))).Value!.Id;
        await house.SendAsync(id);
        await house.WaitForAsync(id, IssueState.Sent);
        return id;
    }

    private static async Task<string> MailAsync(IssueHouse house, long issue, string to)
    {
        var mail = house.Sink.Accepted.Last(m => m.To == to && m.Text.Contains($"Feedback-ID: {issue.ToString(CultureInfo.InvariantCulture)}:", StringComparison.Ordinal));
        return await Task.FromResult(Html(mail.Text));
    }

    private static string Html(string mail)
    {
        var from = mail.LastIndexOf("Content-Type: text/html", StringComparison.Ordinal);
        var soft = mail[from..].Replace("=\r\n", "", StringComparison.Ordinal);
        return Escaped().Replace(soft, m => ((char)Convert.ToInt32(m.Groups[1].Value, 16)).ToString());
    }

    [GeneratedRegex("=([0-9A-F]{2})")]
    private static partial Regex Escaped();

    [GeneratedRegex(@"http://localhost/t/[a-z2-7]+/o\.gif")]
    private static partial Regex Pixel();

    [GeneratedRegex(@"http://localhost/t/[a-z2-7]+/0")]
    private static partial Regex Link();
}
