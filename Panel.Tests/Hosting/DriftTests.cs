using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Tests.Members;

namespace Panel.Tests.Hosting;

public class DriftTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task What_was_changed_by_hand_is_kept_with_its_difference_and_said_once(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        var known = await agent.AskAsync(0);
        Task<HttpStatusCode> TellAsync(bool healed, params string[] lines) => agent.TellAsync(
            known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), drift: [One("ann", healed, lines), One("stranger", healed, lines)]);

        Assert.Equal(HttpStatusCode.NoContent, await TellAsync(true, "ann: write the SFTP keys", "    - ssh-ed25519 AAAA"));
        await TellAsync(false, "ann: serve web");
        await TellAsync(false, "ann: serve web");
        Assert.Equal(["left", "healed"], (await ListAsync(app)).Select(d => d.State));
        await TellAsync(false);
        Assert.Equal(["healed", "healed"], (await ListAsync(app)).Select(d => d.State));
        Assert.Equal(["ann: write the SFTP keys", "    - ssh-ed25519 AAAA"], (await ListAsync(app))[1].Lines);
        Assert.IsType<NotThere>((await app.WithAsync<Drifts, Outcome<IReadOnlyList<DriftPage>>>(d => d.ListAsync(ann, Hosts.Local, CancellationToken.None))).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_admin_pins_an_account_and_its_host_hears_of_it(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        var ann = await app.MemberAsync("ann");
        await agent.AskAsync(0);
        async Task<bool> PinnedAsync() => (await agent.AskAsync(0))["accounts"]![0]!["pinned"]!.GetValue<bool>();
        Task<Outcome<Done>> PinAsync(Actor by, bool pin) => app.WithAsync<Drifts, Outcome<Done>>(d => d.PinAsync(by, Hosts.Local, "ann", pin, CancellationToken.None));

        Assert.IsType<NotThere>((await PinAsync(ann, true)).Refused);
        Assert.Null((await PinAsync(PanelApp.Admin, true)).Refused);
        Assert.True(await PinnedAsync());
        Assert.Null((await PinAsync(PanelApp.Admin, false)).Refused);
        Assert.False(await PinnedAsync());
    }

    [Fact]
    public async Task Admins_see_what_was_changed_and_what_was_asked_of_a_host_on_pages_of_their_own()
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        using var boss = await app.SignInAsync("boss", admin: true);
        using var ann = await app.SignInAsync("ann");
        var known = await agent.AskAsync(0);
        var (epoch, revision) = (known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>());
        await agent.TellAsync(epoch, revision, drift: [One("ann", true, "ann: serve web", "    - public -> /<script>")]);
        var name = (await app.HostAsync()).Name;
        Assert.Contains("public -&gt; /&lt;script&gt;", await boss.GetStringAsync($"/hosts/{name}/drift"), StringComparison.Ordinal);
        using var pinned = await boss.SendFormAsync($"/hosts/{name}/drift", $"/hosts/{name}/pins", ("handle", "ann"));
        Assert.Equal(HttpStatusCode.SeeOther, pinned.StatusCode);
        Assert.Contains("Put ann back", await boss.GetStringAsync($"/hosts/{name}/drift"), StringComparison.Ordinal);

        var page = boss.GetStringAsync($"/hosts/{name}/plan");
        var request = (await agent.AskAsync(revision + 1, epoch, 20))["requests"]!.AsArray();
        request = request.Count > 0 ? request : (await agent.AskAsync(revision + 1, epoch, 20))["requests"]!.AsArray();
        await agent.TellAsync(epoch, revision, request: request[0]!["id"]!.GetValue<long>(), plan: ["ann: serve web", "    + public -> /x"]);
        Assert.Contains("One step", await page, StringComparison.Ordinal);
        var operations = await boss.GetStringAsync($"/hosts/{name}/operations");
        Assert.Contains($"/hosts/{name}/operations/{request[0]!["id"]}", operations, StringComparison.Ordinal);
        Assert.Contains("ann: serve web", await boss.GetStringAsync($"/hosts/{name}/operations/{request[0]!["id"]}"), StringComparison.Ordinal);
        foreach (var path in new[] { "drift", "operations", $"operations/{request[0]!["id"]}" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await ann.GetAsync($"/hosts/{name}/{path}")).StatusCode);
        }
    }

    private static JsonObject One(string handle, bool healed, params string[] lines) =>
        new JsonObject { ["handle"] = handle, ["healed"] = healed, ["lines"] = new JsonArray([.. lines.Select(l => JsonValue.Create(l))]) };

    private static async Task<IReadOnlyList<DriftPage>> ListAsync(PanelApp app) =>
        (await app.WithAsync<Drifts, Outcome<IReadOnlyList<DriftPage>>>(d => d.ListAsync(PanelApp.Admin, Hosts.Local, CancellationToken.None))).Value!;
}
