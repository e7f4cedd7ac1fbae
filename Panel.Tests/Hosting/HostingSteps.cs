using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>What tests of hosting do to a house: as members by the front doors, as the agent by its link.</summary>
internal static class HostingSteps
{
    public static Task<Outcome<SitePage>> AddSiteAsync(this PanelApp app, Actor by, string handle, string? name, string kind = "static", params string[] domains) =>
        app.WithAsync<Sites, Outcome<SitePage>>(s => s.AddAsync(by, handle, new NewSite(name, kind, domains), CancellationToken.None));

    public static async Task<SitePage> SiteAsync(this PanelApp app, Actor by, string handle, string name)
    {
        var shown = await app.WithAsync<Sites, Outcome<SitePage>>(s => s.ShowAsync(by, handle, name, CancellationToken.None));
        Assert.Null(shown.Refused);
        return shown.Value!;
    }

    public static async Task<HostPage> HostAsync(this PanelApp app) =>
        (await app.WithAsync<Hosts, Outcome<HostPage>>(h => h.ShowAsync(PanelApp.Admin, Hosts.Local, CancellationToken.None))).Value!;

    public static async Task<JsonNode> AskAsync(this HttpClient agent, long after, string epoch = "", int wait = 0)
    {
        using var answer = await agent.GetAsync($"/agent/v1/accounts?after={after}&epoch={epoch}&wait={wait}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>A report as the agent sends it: of these accounts at this revision, with these uses of disk.</summary>
    public static async Task<HttpStatusCode> TellAsync(
        this HttpClient agent, string epoch, long revision, JsonNode[]? accounts = null, JsonNode[]? usage = null, long? request = null, string[]? plan = null, JsonNode[]? traffic = null,
        JsonNode[]? homes = null, JsonNode[]? drift = null)
    {
        using var answer = await agent.PostAsJsonAsync("/agent/v1/reports", Report(epoch, revision, accounts, usage, request, plan, null, traffic, homes, drift));
        return answer.StatusCode;
    }

    private static JsonObject Report(string epoch, long revision, JsonNode[]? accounts, JsonNode[]? usage, long? request, string[]? plan, JsonNode? run, JsonNode[]? traffic = null, JsonNode[]? homes = null, JsonNode[]? drift = null) =>
        new JsonObject
        {
            ["epoch"] = epoch,
            ["revision"] = revision,
            ["full"] = false,
            ["milliseconds"] = 12,
            ["facts"] = new JsonObject
            {
                ["httpPort"] = 18090,
                ["httpsPort"] = 18453,
                ["sftpPort"] = 2230,
                ["sftpHost"] = "localhost",
                ["fileSystem"] = "btrfs",
                ["quotaEnforced"] = true,
                ["phpVersions"] = new JsonArray("8.2"),
            },
            ["accounts"] = new JsonArray(accounts ?? []),
            ["usage"] = new JsonArray(usage ?? []),
            ["orphans"] = new JsonArray("stranger"),
            ["drift"] = drift is null ? null : new JsonArray(drift),
            ["traffic"] = traffic is null ? null : new JsonArray(traffic),
            ["homes"] = homes is null ? null : new JsonArray(homes),
            ["requestId"] = request,
            ["plan"] = plan is null ? null : new JsonArray([.. plan.Select(p => JsonValue.Create(p))]),
            ["runs"] = run is null ? null : new JsonArray(run),
        };

    /// <summary>A report of one run of a task.</summary>
    public static async Task<HttpStatusCode> TellRunAsync(this HttpClient agent, string epoch, JsonNode run)
    {
        using var answer = await agent.PostAsJsonAsync("/agent/v1/reports", Report(epoch, 1, null, null, null, null, run));
        return answer.StatusCode;
    }

    /// <summary>The answer to a request for a backup or a trial.</summary>
    public static async Task<HttpStatusCode> TellBackupAsync(this HttpClient agent, string epoch, long request, JsonNode backup)
    {
        var report = Report(epoch, 1, null, null, request, null, null);
        report["backup"] = backup;
        using var answer = await agent.PostAsJsonAsync("/agent/v1/reports", report);
        return answer.StatusCode;
    }

    /// <summary>The answer to one side of a pass of a move.</summary>
    public static async Task<HttpStatusCode> TellMoveAsync(this HttpClient agent, string epoch, long request, JsonNode? move, string? failure = null)
    {
        var report = Report(epoch, 1, null, null, request, null, null);
        (report["move"], report["failure"]) = (move, failure);
        using var answer = await agent.PostAsJsonAsync("/agent/v1/reports", report);
        return answer.StatusCode;
    }

    public static JsonNode Account(string handle, long revision, params (string Kind, string Name, string State, string? Message)[] items) => new JsonObject
    {
        ["handle"] = handle,
        ["revision"] = revision,
        ["items"] = new JsonArray([.. items.Select(i => new JsonObject
        {
            ["kind"] = i.Kind, ["name"] = i.Name, ["state"] = i.State, ["message"] = i.Message, ["milliseconds"] = 7,
        })]),
    };

    public static JsonNode Used(string handle, long bytes) =>
        new JsonObject { ["handle"] = handle, ["diskBytes"] = bytes, ["limitBytes"] = null, ["enforced"] = true };
}
