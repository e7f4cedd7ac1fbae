using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Panel.Hosting;
using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public class TasksTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory]
    [InlineData("15m", "2026-11-22T18:47:03", "2026-11-22T19:00:00")]
    [InlineData("2h", "2026-11-22T18:47:03", "2026-11-22T20:00:00")]
    [InlineData("hourly@20", "2026-11-22T18:47:03", "2026-11-22T19:20:00")]
    [InlineData("hourly@50", "2026-11-22T18:47:03", "2026-11-22T18:50:00")]
    [InlineData("daily@04:00", "2026-11-22T04:00:00", "2026-11-23T04:00:00")]
    [InlineData("daily@04:00", "2026-12-31T23:59:59", "2027-01-01T04:00:00")]
    [InlineData("weekly@sun@18:47", "2026-11-22T18:47:03", "2026-11-29T18:47:00")]
    [InlineData("monthly@28@00:00", "2027-02-28T00:00:01", "2027-03-28T00:00:00")]
    public void A_schedule_says_when_next(string every, string now, string next)
    {
        static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.Equal(At(next), TaskSchedule.Parse(every)!.Next(At(now)));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_1_schedules_and_arguments_are_typed_and_bad_ones_are_refused_in_words(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        foreach (var every in new[] { null, "", "0m", "-1m", "15", "15 m", "* * * * *", "@reboot", "daily@24:00", "daily@4:00", "hourly@60", "monthly@29@00:00", "weekly@xxx@00:00", "15m\n", "15m; id", "99999h" })
        {
            Assert.Equal("every", (await AddAsync(app, ann, "t", every, "id")).Refused!.Field);
        }

        Assert.Equal("arguments", (await AddAsync(app, ann, "t", "15m")).Refused!.Field);
        Assert.Equal("arguments", (await AddAsync(app, ann, "t", "15m", "")).Refused!.Field);
        Assert.Equal("arguments", (await AddAsync(app, ann, "t", "15m", "id", "a\0b")).Refused!.Field);
        Assert.Equal("arguments", (await AddAsync(app, ann, "t", "15m", "id", new string('x', 9000))).Refused!.Field);
        Assert.Equal("name", (await AddAsync(app, ann, "../t", "15m", "id")).Refused!.Field);
        string[] odd = ["/bin/echo", "a b", "$(id)", "`id`", "; rm -rf ~", "\n* * * * * root id\n", "%s", "-n", ""];
        Assert.Equal(odd, (await AddAsync(app, ann, "odd", "15m", odd)).Value!.Arguments);
        using var agent = app.AgentLink();
        Assert.Equal(odd, (await agent.AskAsync(0))["accounts"]![0]!["tasks"]![0]!["arguments"]!.AsArray().Select(a => a!.ToString()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Runs_are_kept_once_without_control_characters_and_only_the_newest(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        await AddAsync(app, ann, "tidy", "15m", "id");
        using var agent = app.AgentLink();
        var epoch = (await agent.AskAsync(0))["epoch"]!.ToString();
        for (var i = 0; i < TaskRuns.Kept + 5; i++)
        {
            for (var twice = 0; twice < 2; twice++)
            {
                Assert.Equal(HttpStatusCode.NoContent, await agent.TellRunAsync(epoch, new JsonObject
                {
                    ["handle"] = "ann",
                    ["task"] = "tidy",
                    ["startedAt"] = $"2026-11-22T10:{i:00}:00.1234567Z",
                    ["milliseconds"] = 5,
                    ["exitCode"] = i,
                    ["note"] = null,
                    ["output"] = $"run {i}\u001b[31m\n",
                }));
            }
        }

        var runs = (await app.WithAsync<Tasks, Outcome<TaskPage>>(t => t.ShowAsync(ann, "ann", "tidy", CancellationToken.None))).Value!.Runs;
        Assert.Equal(TaskRuns.Kept, runs.Count);
        Assert.Equal((24, "run 24\uFFFD[31m\n"), (runs[0].ExitCode, runs[0].Output));
        Assert.Equal(5, runs[^1].ExitCode);
    }

    private static Task<Outcome<TaskPage>> AddAsync(PanelApp app, Actor by, string? name, string? every, params string[] arguments) =>
        app.WithAsync<Tasks, Outcome<TaskPage>>(t => t.AddAsync(by, by.Name, new NewTask(name, every, arguments), CancellationToken.None));
}
