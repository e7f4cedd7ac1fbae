using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>Every state and every action on it, times and limits: F4, F9, F10, F13 and the hold.</summary>
public class IssueStateTests
{
    private static readonly Dictionary<string, IssueState[]> Allowed = new(StringComparer.Ordinal)
    {
        ["update"] = [IssueState.Draft],
        ["send"] = [IssueState.Draft, IssueState.Asking],
        ["take-back"] = [IssueState.Scheduled, IssueState.Held, IssueState.Asking],
        ["pause"] = [IssueState.Sending],
        ["resume"] = [IssueState.Paused],
        ["cancel"] = [IssueState.Draft, IssueState.Scheduled, IssueState.Held, IssueState.Asking, IssueState.Sending, IssueState.Paused],
    };

    [Fact]
    public async Task F24_every_action_in_every_state_does_its_thing_or_is_refused()
    {
        // The receiving server greets nobody, so that an issue that is being sent stays so.
        await using var house = await IssueHouse.StartAsync(new SinkScript { Greeting = SinkScript.Silence }, hold: "00:05:00");
        await house.PeopleAsync(1);
        foreach (var (action, from) in Allowed)
        {
            foreach (var state in Enum.GetValues<IssueState>())
            {
                var id = await house.DraftAsync($"{action} {state}");
                await PutAsync(house, id, state);

                var refused = await ActAsync(house, action, id);

                Assert.True(from.Contains(state) == refused is null, $"{action} of an issue that is {state}: {refused?.Message ?? "done"}");
                if (refused is not null)
                {
                    Assert.IsType<InTheWay>(refused);
                    Assert.Equal(state, await house.StateAsync(id));
                }
            }
        }
    }

    [Fact]
    public async Task Another_members_issue_is_not_there()
    {
        await using var house = await IssueHouse.StartAsync();
        var bob = await house.App.MemberAsync("bob");
        var id = await house.DraftAsync();

        Assert.IsType<NotThere>((await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.ShowAsync(bob, id, default))).Refused);
        Assert.IsType<NotThere>((await house.WithAsync<Issues, Outcome<IssuePreview>>(i => i.PreviewAsync(bob, id, default))).Refused);
        Assert.IsType<NotThere>((await house.WithAsync<Issues, Outcome<TestMail>>(i => i.TestAsync(bob, id, "bob@b.example", default))).Refused);
        Assert.IsType<NotThere>((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(bob, id, null, default))).Refused);
        Assert.IsType<NotThere>((await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.CancelAsync(bob, id, default))).Refused);
        Assert.IsType<NotThere>((await house.WithAsync<Reports, Outcome<IssueReport>>(r => r.ShowAsync(bob, id, true, default))).Refused);
    }

    [Fact]
    public async Task What_is_held_can_be_taken_back_whole_and_starts_when_the_hold_is_over()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(time: time, hold: "00:05:00");
        await house.PeopleAsync(3);
        var taken = await house.SendNewAsync();
        var kept = await house.SendNewAsync();
        Assert.Equal(IssueState.Held, await house.StateAsync(taken));

        Assert.Null(await ActAsync(house, "take-back", taken));
        time.Advance(TimeSpan.FromMinutes(5));
        await house.WaitForAsync(kept, IssueState.Sent);

        Assert.Equal(IssueState.Draft, await house.StateAsync(taken));
        Assert.Equal(3, house.Sink.Accepted.Count);
    }

    [Fact]
    public async Task A_scheduled_issue_waits_is_held_and_goes_out()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(time: time, hold: "00:05:00");
        await house.PeopleAsync(3);
        var id = await house.DraftAsync();
        await house.SendAsync(id, time.GetUtcNow().AddHours(2));
        Assert.Equal(IssueState.Scheduled, await house.StateAsync(id));

        time.Advance(TimeSpan.FromMinutes(121));
        await house.WaitForAsync(id, IssueState.Held);
        time.Advance(TimeSpan.FromMinutes(5));
        await house.WaitForAsync(id, IssueState.Sent);
    }

    [Fact]
    public async Task F10_what_is_overdue_by_an_hour_asks_and_is_not_sent()
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(time: time);
        await house.PeopleAsync(3);
        var id = await house.DraftAsync();
        await house.SendAsync(id, time.GetUtcNow().AddHours(2));

        time.Advance(TimeSpan.FromHours(4));
        await house.WaitForAsync(id, IssueState.Asking);

        Assert.Empty(house.Sink.Accepted);
        await house.SendAsync(id);
        await house.WaitForAsync(id, IssueState.Sent);
    }

    [Fact]
    public async Task A_past_time_no_people_too_many_and_no_approval_are_refused_in_words()
    {
        await using var house = await IssueHouse.StartAsync();
        var id = await house.DraftAsync();
        Assert.Contains("no confirmed subscribers", (await ActAsync(house, "send", id))!.Message, StringComparison.Ordinal); // F13
        await house.PeopleAsync(2);

        var past = await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(house.Ann, id, DateTimeOffset.UtcNow.AddHours(-1), default));
        Assert.Equal("at", past.Refused!.Field);

        await ChangeAsync(house, "UPDATE packages SET mails = 1");
        Assert.Contains("1 mails a month", (await ActAsync(house, "send", id))!.Message, StringComparison.Ordinal);
        await ChangeAsync(house, "UPDATE packages SET mails = 100");
        await ChangeAsync(house, "UPDATE sender_domains SET approved_at = NULL");
        Assert.Contains("annart.example is not approved", (await ActAsync(house, "send", id))!.Message, StringComparison.Ordinal); // A8
        Assert.Equal(IssueState.Draft, await house.StateAsync(id));
    }

    [Fact]
    public async Task Without_a_postal_address_the_foot_still_says_who_writes()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        await ChangeAsync(house, "UPDATE lists SET postal_address = ''");

        await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent);

        Assert.Contains("Ann <letters@annart.example>", Assert.Single(house.Sink.Accepted).Text.Split("\r\n\r\n", 2)[1], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F4_a_trigger_that_fires_fifty_times_at_once_sends_once(string provider)
    {
        var time = new ManualTime();
        await using var house = await IssueHouse.StartAsync(provider: provider, time: time);
        await house.PeopleAsync(20);
        var id = await house.DraftAsync();
        await house.SendAsync(id, time.GetUtcNow().AddMinutes(10));
        time.Advance(TimeSpan.FromMinutes(11));

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => house.WithAsync<Dispatches, int>(d => d.StartDueAsync(default))));
        await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal(20, house.Sink.Accepted.Count);
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task F9_pause_takes_hold_at_once_resume_goes_on_and_cancel_ends_for_good(string provider)
    {
        var gate = new SemaphoreSlim(0);
        var seen = 0;
        await using var house = await IssueHouse.StartAsync(new SinkScript
        {
            Dot = _ =>
            {
                if (Interlocked.Increment(ref seen) % 20 == 0)
                {
                    gate.Wait(TimeSpan.FromSeconds(60));
                }

                return "250 Ok";
            },
        }, provider, connections: 1);
        await house.PeopleAsync(100);
        var id = await house.SendNewAsync();
        await house.UntilAsync(() => Task.FromResult(Volatile.Read(ref seen) == 20));

        Assert.Null(await ActAsync(house, "pause", id));
        gate.Release();
        await house.UntilAsync(async () => (await house.ReportAsync(id)).Sent == 20 && (await house.RowsAsync(id)).All(d => d.State is DeliveryState.Sent or DeliveryState.Queued));
        Assert.Equal((IssueState.Paused, 80), ((await house.ReportAsync(id)).State, (await house.ReportAsync(id)).Queued));
        Assert.Equal(20, house.Sink.Dotted.Count);

        Assert.Null(await ActAsync(house, "resume", id));
        await house.UntilAsync(() => Task.FromResult(Volatile.Read(ref seen) == 40));
        Assert.Null(await ActAsync(house, "cancel", id));
        gate.Release();
        await house.UntilAsync(async () => (await house.ReportAsync(id)) is { Sent: 40, Skipped: 60, Queued: 0 });
        Assert.Equal(40, house.Sink.Dotted.Count);
        Assert.All((await house.RowsAsync(id)).Where(d => d.State == DeliveryState.Skipped), d => Assert.Equal(SkipReason.Cancelled, d.Reason));
    }

    [Fact]
    public async Task A14_a_refusal_of_us_pauses_the_issue_with_the_servers_words_and_blames_nobody()
    {
        await using var house = await IssueHouse.StartAsync(new SinkScript { Mail = _ => "550 5.7.1 your domain is not welcome" });
        await house.PeopleAsync(30);
        var id = await house.SendNewAsync();

        var report = await house.WaitForAsync(id, IssueState.Paused);

        Assert.Contains("your domain is not welcome", report.Note, StringComparison.Ordinal);
        await house.UntilAsync(async () => (await house.ReportAsync(id)).Queued == 30);
    }

    private static Task<int> ChangeAsync(IssueHouse house, string sql) => house.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync(sql));

    private static Task<int> PutAsync(IssueHouse house, long id, IssueState state)
    {
        var now = DateTime.UtcNow;
        return house.WithAsync<PanelDb, int>(db => db.Set<Issue>().Where(i => i.Id == id).ExecuteUpdateAsync(set => set
            .SetProperty(i => i.State, state).SetProperty(i => i.DueAt, now.AddHours(1)).SetProperty(i => i.StartsAt, now.AddHours(1))
            .SetProperty(i => i.StartedAt, state >= IssueState.Sending ? now : null)));
    }

    private static async Task<Refusal?> ActAsync(IssueHouse house, string action, long id) => action switch
    {
        "update" => (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(house.Ann, id, new IssueWords("New", "Words"), default))).Refused,
        "send" => (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(house.Ann, id, null, default))).Refused,
        "take-back" => (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.TakeBackAsync(house.Ann, id, default))).Refused,
        "pause" => (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.PauseAsync(house.Ann, id, default))).Refused,
        "resume" => (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.ResumeAsync(house.Ann, id, default))).Refused,
        _ => (await house.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.CancelAsync(house.Ann, id, default))).Refused,
    };
}
