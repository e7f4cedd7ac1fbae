using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Homes;
using Panel.Services.Finger.Posts;
using Panel.Tests.Hosting;

namespace Panel.Tests.Finger;

/// <summary>What members write into their own <c>~/.plan</c>, as the agent tells it.</summary>
public class HomesTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_plan_and_a_project_put_into_the_home_are_what_finger_shows(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "here.example"));
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();

        await TellAsync(agent, "ann", "plan", "Painting.\r\nAt home.\r\n");
        await TellAsync(agent, "ann", "project", "The stairwell\nand more\n");
        await TellAsync(agent, "nobody", "plan", "x");

        Assert.EndsWith("Project: The stairwell\r\nPlan:\r\nPainting.\r\nAt home.\r\n", await app.AskAsync("ann"), StringComparison.Ordinal);
        var plan = Assert.Single((await app.WithAsync<FingerAccounts, Outcome<IReadOnlyList<FingerPlanPage>>>(a => a.PlansAsync(ann, "ann", CancellationToken.None))).Value!);
        Assert.Equal(("ann", Door.Agent), (plan.WrittenBy, plan.Door));
        Assert.All(await HomesAsync(app, ann), h => Assert.Null(h.Problem ?? h.Other));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_plan_written_here_is_wanted_in_the_home_while_the_file_is_as_it_was_seen(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "here.example")) { Time = new ManualTime() };
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        Assert.Null(await WantedAsync(agent, "ann"));

        await app.SetAsync("ann", new FingerChanges(Project: "Stairs", Plan: "Painting."));
        Assert.Equal(("Painting.\n", "", "Stairs\n"), await TextsAsync(agent, "ann"));
        await TellAsync(agent, "ann", "plan", "Painting.\n");
        await TellAsync(agent, "ann", "project", "Stairs\n");
        Assert.Null(await WantedAsync(agent, "ann"));

        await app.PostAsync(ann, "ann", "first");
        var (text, seen, _) = await TextsAsync(agent, "ann");
        Assert.StartsWith("Painting.\n\n{\n\"address\": \"ann@here.example\",", text, StringComparison.Ordinal);
        Assert.Equal(64, seen.Length);
        await TellAsync(agent, "ann", "plan", text);
        Assert.Null(await WantedAsync(agent, "ann"));
        Assert.Single(await PostsAsync(app, ann));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_message_added_to_the_Thimbl_in_the_file_is_a_post_at_every_door_and_only_once(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "here.example")) { Time = new ManualTime() };
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        await app.SetAsync("ann", new FingerChanges(Plan: "Painting."));
        await app.PostAsync(ann, "ann", "by the panel");
        var (text, _, _) = await TextsAsync(agent, "ann");
        var edited = text.Replace("\n],\n\"following\"", ",\n{\"text\": \"by the file\", \"time\": \"20261122115900\"}\n],\n\"following\"", StringComparison.Ordinal);

        for (var i = 0; i < 2; i++)
        {
            await TellAsync(agent, "ann", "plan", edited);
            Assert.Equal(["by the file", "by the panel"], (await PostsAsync(app, ann)).Select(p => p.Text).Order());
        }

        Assert.Contains("\"by the file\", \"time\": \"20261122115900\"", await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.Contains("by the file", await app.Visitor().GetStringAsync("/~ann/atom.xml"), StringComparison.Ordinal);
        Assert.Contains("Plan:\r\nPainting.\r\n", await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.NotNull(await WantedAsync(agent, "ann"));
    }

    [Theory]
    [InlineData("sqlite", true)]
    [InlineData("postgres", true)]
    [InlineData("sqlite", false)]
    public async Task When_both_changed_both_are_kept_and_the_member_chooses(string provider, bool file)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        await TellAsync(agent, "ann", "plan", "agreed\n");
        await app.SetAsync("ann", new FingerChanges(Plan: "mine on the panel"));

        await TellAsync(agent, "ann", "plan", "mine in the home\n");

        Assert.Equal("mine in the home\n", Assert.Single(await HomesAsync(app, ann)).Other);
        Assert.Contains("mine on the panel", await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.Null(await WantedAsync(agent, "ann"));
        var kept = (await app.WithAsync<FingerAccounts, Outcome<IReadOnlyList<FingerPlanPage>>>(a => a.PlansAsync(ann, "ann", CancellationToken.None))).Value!;
        Assert.Equal(["mine in the home\n", "mine on the panel", "agreed\n"], kept.Select(p => p.Plan));

        Assert.Null((await app.WithAsync<Homes, Outcome<Done>>(h => h.SetAsync(ann, "ann", "plan", file, CancellationToken.None))).Refused);
        Assert.Null(Assert.Single(await HomesAsync(app, ann)).Other);
        Assert.Contains(file ? "mine in the home" : "mine on the panel", await app.AskAsync("ann"), StringComparison.Ordinal);
        var wanted = await WantedAsync(agent, "ann");
        Assert.Equal(file ? null : "mine on the panel\n", wanted?["plan"]?["text"]?.GetValue<string>());
    }

    [Fact]
    public async Task An_older_text_of_the_panel_itself_is_no_conflict()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        await app.SetAsync("ann", new FingerChanges(Plan: "one"));
        await app.SetAsync("ann", new FingerChanges(Plan: "two"));

        await TellAsync(agent, "ann", "plan", "one\n");

        Assert.Null(Assert.Single(await HomesAsync(app, ann)).Other);
        Assert.Equal("two\n", (await TextsAsync(agent, "ann")).Plan);
    }

    [Fact]
    public async Task R16_a_file_that_cannot_be_taken_over_says_why_and_is_not_written_over()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        await app.SetAsync("ann", new FingerChanges(Plan: "good"));

        foreach (var (content, reason) in new (byte[], string)[] { ([0x5A, 0xFC], "not UTF-8: byte 2 is 0xFC"), (Encoding.UTF8.GetBytes("a\u001b[2J"), "line 1, column 2"), (Encoding.UTF8.GetBytes("{\"messages\":[{\"text\":\"cut"), "never ends") })
        {
            await TellAsync(agent, "ann", "plan", content, null);
            Assert.Contains(reason, Assert.Single(await HomesAsync(app, ann)).Problem, StringComparison.Ordinal);
            Assert.Contains("good", await app.AskAsync("ann"), StringComparison.Ordinal);
            Assert.Null(await WantedAsync(agent, "ann"));
        }

        await TellAsync(agent, "ann", "plan", null, "~/.plan is not a regular file.");
        Assert.Contains("regular", Assert.Single(await HomesAsync(app, ann)).Problem, StringComparison.Ordinal);
        Assert.Null((await app.WithAsync<Homes, Outcome<Done>>(h => h.SetAsync(ann, "ann", "plan", false, CancellationToken.None))).Refused);
        Assert.Equal("good\n", (await TextsAsync(agent, "ann")).Plan);
    }

    internal static Task TellAsync(HttpClient agent, string handle, string file, string text) => TellAsync(agent, handle, file, Encoding.UTF8.GetBytes(text), null);

    internal static async Task TellAsync(HttpClient agent, string handle, string file, byte[]? content, string? problem)
    {
        var known = await agent.AskAsync(0);
        var home = new JsonObject { ["handle"] = handle, ["file"] = file, ["content"] = content is null ? null : Convert.ToBase64String(content), ["problem"] = problem };
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), homes: [home]));
    }

    private static async Task<JsonNode?> WantedAsync(HttpClient agent, string handle) =>
        (await agent.AskAsync(0))["accounts"]!.AsArray().Single(a => a!["handle"]!.GetValue<string>() == handle)!["home"];

    private static async Task<(string Plan, string Seen, string? Project)> TextsAsync(HttpClient agent, string handle)
    {
        var home = (await WantedAsync(agent, handle))!;
        return (home["plan"]!["text"]!.GetValue<string>(), home["plan"]!["seen"]!.GetValue<string>(), home["project"]?["text"]!.GetValue<string>());
    }

    private static async Task<IReadOnlyList<HomePage>> HomesAsync(PanelApp app, Actor by) =>
        (await app.WithAsync<Homes, Outcome<IReadOnlyList<HomePage>>>(h => h.ListAsync(by, by.Name, CancellationToken.None))).Value!;

    private static async Task<IReadOnlyList<PostPage>> PostsAsync(PanelApp app, Actor by) =>
        (await app.WithAsync<FingerPosts, Outcome<IReadOnlyList<PostPage>>>(p => p.ListAsync(by, by.Name, null, CancellationToken.None))).Value!;
}
