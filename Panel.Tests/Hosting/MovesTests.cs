using System.Net;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Tests.Hosting;

/// <summary>The states of a move, with two agents that are played by the test.</summary>
public sealed class MovesTests : IDisposable
{
    private readonly ManualTime time = new();
    private PanelApp app = null!;
    private HttpClient one = null!;
    private HttpClient two = null!;
    private string epoch = "";

    public static TheoryData<string> Providers => PanelApp.Providers;

    public void Dispose()
    {
        one?.Dispose();
        two?.Dispose();
        app?.Dispose();
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_move_goes_through_its_states_and_the_old_copy_goes_a_week_later(string provider)
    {
        await StartAsync(provider);
        var ann = await MoveToTwoAsync();
        await AnswerBothAsync(Side("aa"), Side("bb"), last: false); // While the account lives the sides may differ.
        Assert.Equal("holding", (await LastAsync()).State);
        Assert.Equal("Leaving", await HoldAsync(one));
        Assert.Equal("pending", (await app.SiteAsync(ann, "ann", "web")).State);

        await SayAsync(one, "held");
        await AnswerBothAsync(Side("aa"), Side("bb"), last: true);
        var again = await LastAsync();
        Assert.Equal("finishing", again.State);
        Assert.Contains("differ", again.Steps[^1], StringComparison.Ordinal);
        await AnswerBothAsync(Side("cc"), Side("cc"), last: true);
        Assert.Equal(("switching", true), ((await LastAsync()).State, (await LastAsync()).Report!.Same));
        Assert.Equal(("Kept", "None"), (await HoldAsync(one), await HoldAsync(two)));
        await SayAsync(two, "live");
        Assert.Equal("kept", (await LastAsync()).State);
        Assert.Equal("live", (await app.SiteAsync(ann, "ann", "web")).State);

        time.Advance(Move.Keep);
        await ContinueAsync();
        Assert.Equal("Erased", (await one.AskAsync(0))["accounts"]![0]!["status"]!.ToString());
        Assert.Equal("Active", (await two.AskAsync(0))["accounts"]![0]!["status"]!.ToString());
        Assert.Equal("kept", (await LastAsync()).State);
        await SayAsync(one, "removed");
        Assert.Equal("done", (await LastAsync()).State);
        Assert.Empty((await one.AskAsync(0))["accounts"]!.AsArray());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_move_that_fails_again_and_again_goes_back_and_leaves_nothing(string provider)
    {
        await StartAsync(provider);
        var ann = await MoveToTwoAsync();
        await AnswerBothAsync(Side("aa"), Side("aa"), last: false);
        await SayAsync(one, "held");
        for (var attempt = 0; attempt < Move.MostAttempts; attempt++)
        {
            await TellAsync(two, await RequestAsync(two, "Receive", last: true), null, "Disk quota exceeded");
        }

        var failed = await LastAsync();
        Assert.Equal(("failed", "Disk quota exceeded"), (failed.State, failed.Reason));
        Assert.Equal("None", await HoldAsync(one));
        Assert.Equal("Erased", (await two.AskAsync(0))["accounts"]![0]!["status"]!.ToString());
        Assert.IsType<InTheWay>((await BeginAsync(PanelApp.Admin, "two")).Refused);
        await SayAsync(one, "live");
        Assert.Equal("live", (await app.SiteAsync(ann, "ann", "web")).State);
        await SayAsync(two, "removed");
        Assert.Empty((await two.AskAsync(0))["accounts"]!.AsArray());
        Assert.Null((await BeginAsync(PanelApp.Admin, "two")).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_move_is_cancelled_until_it_has_switched_and_leaves_nothing(string provider)
    {
        await StartAsync(provider);
        using var panel = app.Operator();
        async Task<HttpStatusCode> CancelAsync()
        {
            using var answer = await panel.PostAsync("/api/v1/members/ann/moves/cancellation", null);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Conflict, await CancelAsync());
        var ann = await MoveToTwoAsync();
        Assert.IsType<NotAllowed>((await app.WithAsync<Moves, Outcome<MovePage>>(m => m.CancelAsync(ann, "ann", default))).Refused);
        var (send, receive) = (await RequestAsync(one, "Send", last: false), await RequestAsync(two, "Receive", last: false));
        Assert.Equal(HttpStatusCode.OK, await CancelAsync());
        Assert.Equal("failed", (await LastAsync()).State);
        Assert.StartsWith("Cancelled by ", (await LastAsync()).Reason, StringComparison.Ordinal);

        // Neither host goes on with it, or is asked again.
        using (var given = await one.PutAsync($"/agent/v1/transfers/{send}/files", new StringContent("x")))
        {
            Assert.Equal(HttpStatusCode.NotFound, given.StatusCode);
        }

        await TellAsync(two, receive, null, "The other host did not give it.");
        time.Advance(HostRequest.GivenAgainAfter + TimeSpan.FromSeconds(1));
        Assert.Empty((await one.AskAsync(0))["requests"]!.AsArray());
        Assert.Equal(("None", "Erased"), (await HoldAsync(one), (await two.AskAsync(0))["accounts"]![0]!["status"]!.ToString()));
        await SayAsync(two, "removed");
        Assert.Null((await BeginAsync(PanelApp.Admin, "two")).Refused);

        await SayAsync(two, "held");
        await AnswerBothAsync(Side("aa"), Side("aa"), last: false);
        await SayAsync(one, "held");
        await AnswerBothAsync(Side("aa"), Side("aa"), last: true);
        Assert.Equal("switching", (await LastAsync()).State);
        Assert.Equal(HttpStatusCode.Conflict, await CancelAsync());
        Assert.Equal("switching", (await LastAsync()).State);
    }

    [Fact]
    public async Task Class_17_a_host_gives_and_takes_only_the_parts_of_its_own_pass()
    {
        await StartAsync(DatabaseOptions.Sqlite);
        await MoveToTwoAsync();
        var (send, receive) = (await RequestAsync(one, "Send", last: false), await RequestAsync(two, "Receive", last: false));
        async Task<HttpStatusCode> PutAsync(HttpClient agent, long id, string part)
        {
            using var answer = await agent.PutAsync($"/agent/v1/transfers/{id}/{part}", new StringContent("x"));
            return answer.StatusCode;
        }

        foreach (var (agent, id, part) in new[] { (one, receive, "have"), (two, send, "files"), (one, send, "have"), (two, receive, "files"), (one, send, "UP"), (one, 999L, "files") })
        {
            Assert.Equal(HttpStatusCode.NotFound, await PutAsync(agent, id, part));
        }

        foreach (var (agent, id, part) in new[] { (one, receive, "files"), (two, send, "have"), (one, send, "files"), (two, receive, "have") })
        {
            using var taken = await agent.GetAsync($"/agent/v1/transfers/{id}/{part}");
            Assert.Equal(HttpStatusCode.NotFound, taken.StatusCode);
        }

        var given = PutAsync(one, send, "files");
        Assert.Equal("x", await two.GetStringAsync($"/agent/v1/transfers/{receive}/files"));
        Assert.Equal(HttpStatusCode.NoContent, await given);
    }

    [Fact]
    public async Task What_cannot_be_moved_is_refused_in_words()
    {
        await StartAsync(DatabaseOptions.Sqlite);
        var ann = Actor.Member(1, "ann", false, Door.Web);
        Assert.IsType<NotAllowed>((await BeginAsync(ann, "two")).Refused);
        Assert.Equal("host", (await BeginAsync(PanelApp.Admin, "three")).Refused!.Field);
        Assert.Equal("host", (await BeginAsync(PanelApp.Admin, "local")).Refused!.Field);
        Assert.Null((await BeginAsync(PanelApp.Admin, "two")).Refused);
        Assert.IsType<InTheWay>((await BeginAsync(PanelApp.Admin, "two")).Refused);
        Assert.Null((await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, "ann", default))).Refused);
        await ContinueAsync();
        Assert.Equal("failed", (await LastAsync()).State);
        await app.MemberAsync("bob");
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Contains("does not answer", (await app.WithAsync<Moves, Outcome<MovePage>>(m => m.BeginAsync(PanelApp.Admin, "bob", "two", default))).Refused!.Message, StringComparison.Ordinal);
    }

    private async Task StartAsync(string provider)
    {
        app = new PanelApp(provider) { Time = time, Unscheduled = true };
        await app.MemberAsync("ann");
        // Each host counts its revisions by itself, and this one has long been in service.
        await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync("UPDATE hosts SET revision = revision + 1000"));
        await app.AddSiteAsync(Actor.Member(1, "ann", false, Door.Web), "ann", "web");
        var invited = await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, "two", default));
        var joined = await app.WithAsync<HostInvitations, Outcome<Panel.Hosting.HostJoined>>(h => h.JoinAsync(invited.Value!.Line.Split('/')[^1], default));
        (one, two) = (app.AgentLink(), app.RemoteAgent(joined.Value!.Token));
        epoch = (await one.AskAsync(0))["epoch"]!.ToString();
        Assert.Empty((await two.AskAsync(0))["accounts"]!.AsArray());
    }

    /// <summary>Up to where both sides are asked for the first pass.</summary>
    private async Task<Actor> MoveToTwoAsync()
    {
        Assert.Equal("preparing", (await BeginAsync(PanelApp.Admin, "two")).Value!.State);
        Assert.Equal(("None", "Arriving"), (await HoldAsync(one), await HoldAsync(two)));
        Assert.Null((await two.AskAsync(0))["accounts"]![0]!["diskLimitBytes"]);
        await SayAsync(two, "held");
        Assert.Equal("copying", (await LastAsync()).State);
        return Actor.Member(1, "ann", false, Door.Web);
    }

    private static async Task<string> HoldAsync(HttpClient agent) => Assert.Single((await agent.AskAsync(0))["accounts"]!.AsArray())!["hold"]!.ToString();

    private async Task SayAsync(HttpClient agent, string state)
    {
        var account = (await agent.AskAsync(0))["accounts"]![0]!;
        var word = char.ToUpperInvariant(state[0]) + state[1..];
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(epoch, account["revision"]!.GetValue<long>(), [HostingSteps.Account("ann", account["revision"]!.GetValue<long>(), ("account", "ann", word, null), ("site", "web", word, null))]));
    }

    private async Task AnswerBothAsync(JsonNode sent, JsonNode received, bool last)
    {
        var (send, receive) = (await RequestAsync(one, "Send", last), await RequestAsync(two, "Receive", last));
        await TellAsync(one, send, sent, null);
        await TellAsync(two, receive, received, null);
    }

    private async Task TellAsync(HttpClient agent, long request, JsonNode? side, string? failure) =>
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellMoveAsync(epoch, request, side, failure));

    private async Task<long> RequestAsync(HttpClient agent, string work, bool last)
    {
        // What was taken and not answered is given again after a minute.
        time.Advance(HostRequest.GivenAgainAfter + TimeSpan.FromSeconds(1));
        var request = Assert.Single((await agent.AskAsync(0))["requests"]!.AsArray())!;
        Assert.Equal((work, "ann", last), (request["work"]!.ToString(), request["handle"]!.ToString(), request["move"]!["last"]!.GetValue<bool>()));
        return request["id"]!.GetValue<long>();
    }

    private static JsonObject Side(string sum) => new()
    {
        ["files"] = 5,
        ["bytes"] = 500,
        ["sha256"] = sum,
        ["sent"] = 5,
        ["databases"] = new JsonArray(new JsonObject { ["name"] = "shop", ["bytes"] = 9, ["sha256"] = "dd", ["rows"] = new JsonObject { ["visits"] = 3 } }),
    };

    private Task<Outcome<MovePage>> BeginAsync(Actor by, string host) => app.WithAsync<Moves, Outcome<MovePage>>(m => m.BeginAsync(by, "ann", host, default));

    private async Task<MovePage> LastAsync() => (await app.WithAsync<Moves, Outcome<IReadOnlyList<MovePage>>>(m => m.ListAsync(PanelApp.Admin, "ann", default))).Value![0];

    private Task<int> ContinueAsync() => app.WithAsync<Moves, int>(async m =>
    {
        await m.ContinueAsync(Actor.Job, default);
        return 0;
    });
}
