using System.Globalization;
using System.Net;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Writing;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

/// <summary>F13 and F15: to how many and when, as the owner means it.</summary>
public class WallTimeTests
{
    [Theory]
    [InlineData("2027-03-27 09:00", "2027-03-27 08:00", false)]
    [InlineData("2027-03-28 09:00", "2027-03-28 07:00", false)]
    [InlineData("2027-03-28 02:30", "2027-03-28 01:30", true)]
    [InlineData("2027-03-28 03:30", "2027-03-28 01:30", false)]
    [InlineData("2027-10-31 02:30", "2027-10-31 00:30", false)]
    [InlineData("2027-10-31 03:30", "2027-10-31 02:30", false)]
    [InlineData("2027-11-01 09:00", "2027-11-01 08:00", false)]
    public void F15_a_wall_time_in_Berlin_is_the_right_moment_across_both_changes(string wall, string utc, bool moved)
    {
        var at = WallTime.ToUtc(DateTime.Parse(wall, CultureInfo.InvariantCulture), WallTime.Find("Europe/Berlin")!);
        Assert.Equal((utc, moved), (at.Utc.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), at.Moved));
    }

    [Theory]
    [InlineData("2027-03-28T02:30", "2027-03-28T01:30:00Z", "so it is sent at 03:30")]
    [InlineData("2027-10-31T02:30", "2027-10-31T00:30:00Z", "31 Oct 2027, 02:30 Europe/Berlin")]
    public async Task F15_scheduled_across_a_change_it_fires_once_and_at_wall_time(string at, string utc, string said)
    {
        var due = DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture);
        var time = new ManualTime();
        time.Advance(due.AddDays(-2) - time.GetUtcNow());
        await using var house = await IssueHouse.StartAsync(time: time);
        await house.PeopleAsync(3);
        var id = await house.DraftAsync();
        var ann = await house.SignInAsync();
        var address = $"/newsletters/letters/issues/{id}/dispatch";
        Assert.Contains(said, await ann.GetStringAsync(new Uri($"{address}/new?At={at}&Zone=Europe/Berlin", UriKind.Relative)), StringComparison.Ordinal);
        using (var sent = await ann.SendFormAsync($"{address}/new?At={at}&Zone=Europe/Berlin", address, ("At", at), ("Zone", "Europe/Berlin")))
        {
            Assert.Equal(HttpStatusCode.SeeOther, sent.StatusCode);
        }

        Assert.Equal(due.UtcDateTime, (await house.ReportAsync(id)).DueAt);
        Assert.Contains(" Europe/Berlin (", await ann.GetStringAsync(new Uri($"/newsletters/letters/issues/{id}", UriKind.Relative)), StringComparison.Ordinal);
        var next = await house.DraftAsync();
        Assert.Contains("value=\"Europe/Berlin\"", await ann.GetStringAsync(new Uri($"/newsletters/letters/issues/{next}/dispatch/new", UriKind.Relative)), StringComparison.Ordinal);
        time.Advance(due.AddMinutes(-1) - time.GetUtcNow());
        await house.WithAsync<Dispatches, int>(d => d.StartDueAsync(default));
        Assert.Equal(IssueState.Scheduled, await house.StateAsync(id));
        time.Advance(TimeSpan.FromMinutes(1));
        await house.WaitForAsync(id, IssueState.Sent);
        time.Advance(TimeSpan.FromHours(1));
        await house.WithAsync<Dispatches, int>(d => d.StartDueAsync(default));
        Assert.Equal(3, house.Sink.Accepted.Count);
    }

    [Fact]
    public async Task F15_a_zone_that_nobody_knows_sends_nothing()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var id = await house.DraftAsync();
        var ann = await house.SignInAsync();
        using var refused = await ann.SendFormAsync($"/newsletters/letters/issues/{id}/dispatch/new", $"/newsletters/letters/issues/{id}/dispatch", ("At", "2030-01-01T09:00"), ("Zone", "Mars/Olympus"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(IssueState.Draft, await house.StateAsync(id));
    }

    [Fact]
    public async Task F13_the_last_screen_says_to_how_many_nobody_is_refused_and_a_sudden_crowd_is_asked_about()
    {
        await using var house = await IssueHouse.StartAsync();
        var first = await house.DraftAsync();
        var ann = await house.SignInAsync();
        Assert.Contains("nobody to send to", await ann.GetStringAsync(new Uri($"/newsletters/letters/issues/{first}/dispatch/new", UriKind.Relative)), StringComparison.Ordinal);
        await house.PeopleAsync(10);
        Assert.Contains("Send to 10 people", await ann.GetStringAsync(new Uri($"/newsletters/letters/issues/{first}/dispatch/new", UriKind.Relative)), StringComparison.Ordinal);
        await house.SendAsync(first);
        await house.WaitForAsync(first, IssueState.Sent);

        var second = await house.DraftAsync();
        Assert.DoesNotContain("Is that meant?", await SaidAsync(house, second), StringComparison.Ordinal);
        await house.PeopleAsync(3, "crowd.example");
        Assert.Contains("went to 10 people, this one goes to 13. Is that meant?", await SaidAsync(house, second), StringComparison.Ordinal);
    }

    private static async Task<string> SaidAsync(IssueHouse house, long id) =>
        string.Join('\n', (await house.WithAsync<IssueChecks, Outcome<IReadOnlyList<IssueCheck>>>(c => c.CheckAsync(house.Ann, id, default))).Value!.Select(c => c.Words));
}
