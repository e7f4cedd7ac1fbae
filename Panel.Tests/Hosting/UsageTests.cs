using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Newsletters;
using static Panel.Tests.Hosting.HostingSteps;

namespace Panel.Tests.Hosting;

public class UsageTests
{
    private const long Limit = 1L << 30;
    private static readonly DateOnly Today = new(2026, 11, 22);

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_notice_is_written_once_for_each_crossing(string provider)
    {
        using var app = new PanelApp(provider) { Time = new ManualTime() };
        using var agent = app.AgentLink();
        await app.MemberAsync("ann");
        async Task<string> AfterAsync(double share)
        {
            app.Time!.Advance(TimeSpan.FromMinutes(15));
            await UseAsync(agent, (long)Math.Ceiling(Limit * share));
            await app.WithAsync<Quotas, int>(async q =>
            {
                await q.CheckAsync(Actor.Job, CancellationToken.None);
                return 0;
            });
            var page = await ShowAsync(app);
            return string.Join(' ', page.Notices.OrderBy(n => n.CrossedAt).ThenBy(n => n.Percent).Select(n => n.EndedAt is null ? $"{n.Percent}" : $"({n.Percent})"));
        }

        Assert.Equal("", await AfterAsync(0.79));
        Assert.Equal("80", await AfterAsync(0.80));
        Assert.Equal("80", await AfterAsync(0.85));
        Assert.Equal("80", await AfterAsync(0.79)); // Trembling at the mark is one crossing.
        Assert.Equal("80", await AfterAsync(0.81));
        Assert.Equal("80 95 100", await AfterAsync(1.0));
        Assert.Equal("80 95 100", await AfterAsync(1.2));
        Assert.Equal("80 (95) (100)", await AfterAsync(0.9));
        Assert.Equal("(80) (95) (100)", await AfterAsync(0.1));
        Assert.Equal("(80) (95) (100) 80 95", await AfterAsync(0.96));

        // One mail for the highest mark of each crossing, and it goes out.
        await app.WithAsync<Letters, int>(async l =>
        {
            while (await l.CarryAsync(CancellationToken.None) > 0)
            {
                // Until nothing is due.
            }

            return 0;
        });
        var letters = await app.WithAsync<PanelDb, List<Letter>>(db => db.Set<Letter>().AsNoTracking().OrderBy(l => l.Id).ToListAsync());
        Assert.Equal(
            ["More than 80 % of your disk space is used", "Your disk space is used up", "More than 95 % of your disk space is used"],
            letters.Select(l => l.Subject));
        Assert.All(letters, l => Assert.True(l is { SentAt: not null, Email: "ann@example.org" }, l.Reply));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Use_is_shown_with_the_day_on_which_it_will_be_full(string provider)
    {
        using var app = new PanelApp(provider) { Time = new ManualTime() };
        using var agent = app.AgentLink();
        await app.MemberAsync("ann");
        var first = await ShowAsync(app);
        Assert.Equal((0L, Limit, (DateOnly?)null, (DateTime?)null), (first.DiskBytes, first.LimitBytes!.Value, first.FullOn, first.MeasuredAt));

        for (var day = 0; day < 14; day++)
        {
            Assert.Null((await ShowAsync(app)).FullOn);
            await UseAsync(agent, (Limit / 2) + (day * (Limit / 100)));
            app.Time!.Advance(TimeSpan.FromDays(1));
        }

        app.Time!.Advance(TimeSpan.FromDays(-1));
        var page = await ShowAsync(app);
        Assert.True(page.Enforced);
        Assert.Equal(14, page.Days.Count);
        Assert.InRange(page.FullOn!.Value.DayNumber - DateOnly.FromDateTime(app.Time.GetUtcNow().UtcDateTime).DayNumber, 37, 38);
    }

    [Theory]
    [InlineData(14, 0, 50, null)]
    [InlineData(14, -1, 50, null)]
    [InlineData(13, 1, 50, null)]
    [InlineData(14, 1, 50, 50)]
    [InlineData(14, 1, 100, 0)]
    [InlineData(14, 1, 120, 0)]
    [InlineData(14, 0.001, 1, null)]
    public void The_forecast_is_a_line_or_nothing(int days, double percentPerDay, double percentNow, int? fullIn)
    {
        var history = Enumerable.Range(0, days).Select(d => d - days + 1)
            .Select(d => new UsageDay(Today.AddDays(d), (long)(10_000_000 * (percentNow + (d * percentPerDay))))).ToList();

        Assert.Equal(fullIn is { } n ? Today.AddDays(n) : null, Services.Hosting.Usage.FullOn(history, 1_000_000_000, Today));
    }

    private static async Task<UsagePage> ShowAsync(PanelApp app) =>
        (await app.WithAsync<Services.Hosting.Usage, Outcome<UsagePage>>(u => u.ShowAsync(PanelApp.Admin, "ann", CancellationToken.None))).Value!;

    private static async Task UseAsync(HttpClient agent, long bytes)
    {
        var known = await agent.AskAsync(0);
        await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), usage: [Used("ann", bytes), Used("stranger", 5)]);
    }
}
