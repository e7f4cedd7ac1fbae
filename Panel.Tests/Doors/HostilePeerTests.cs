using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Tests.Hosting;

namespace Panel.Tests.Doors;

/// <summary>Classes 13, 17 and 19, door by door: what another host says, what one member asks for again and again, and where Panel itself knocks.</summary>
public sealed class HostilePeerTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_17_a_host_that_lies_about_another_hosts_member_changes_nothing_by_any_part_of_its_report(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        Assert.Null((await app.AddSiteAsync(ann, "ann", "web")).Refused);
        var request = await AskedAsync(app, ann);
        using var liar = await JoinedAsync(app);
        var epoch = (string)(await liar.AskAsync(0))["epoch"]!;
        Assert.Equal(HttpStatusCode.NoContent, (await SayAsync(liar, Whole(epoch))).StatusCode);
        var before = await RowsAsync(app);
        var lies = new Dictionary<string, JsonNode>
        {
            ["accounts"] = new JsonArray(HostingSteps.Account("ann", 1, ("account", "ann", "failed", "a lie"), ("site", "web", "live", null))),
            ["usage"] = new JsonArray(HostingSteps.Used("ann", 1L << 40)),
            ["runs"] = JsonNode.Parse("""[{ "handle": "ann", "task": "t", "startedAt": "2026-11-22T00:00:00Z", "milliseconds": 1, "exitCode": 0, "note": null, "output": "a lie" }]""")!,
            ["traffic"] = JsonNode.Parse("""[{ "batch": "b", "handle": "ann", "site": "web", "hour": "2026-11-22T10:00:00Z", "bytes": 1, "requests": 1, "visits": 1, "errors": 1 }]""")!,
            ["homes"] = JsonNode.Parse("""[{ "handle": "ann", "file": "plan", "content": "YSBsaWU=", "problem": null }]""")!,
            ["drift"] = JsonNode.Parse("""[{ "handle": "ann", "healed": true, "lines": ["a lie"] }]""")!,
        };
        foreach (var (part, lie) in lies)
        {
            var report = Whole(epoch);
            report[part] = lie;
            Assert.True((await SayAsync(liar, report)).StatusCode == HttpStatusCode.NoContent, part);
            // A batch of a log is remembered as heard whoever it is about; nothing else is.
            Assert.Equal(before.Where(r => r.Key != "traffic_batches"), (await RowsAsync(app)).Where(r => r.Key != "traffic_batches"));
        }

        // The answer to a question that was another's, with a backup, and archives of it.
        var answer = Whole(epoch);
        (answer["requestId"], answer["backup"]) = (request, JsonNode.Parse("""{ "handle": "ann", "snapshot": "0badcafe", "bytes": 1, "sha256": "00", "notes": [], "kept": [] }"""));
        Assert.Equal(HttpStatusCode.NoContent, (await SayAsync(liar, answer)).StatusCode);
        foreach (var door in new[] { $"archives/{request}", $"transfers/{request}/files" })
        {
            using var given = await liar.PutAsync($"/agent/v1/{door}", new StringContent("a lie"));
            Assert.Equal(HttpStatusCode.NotFound, given.StatusCode);
        }

        using var taken = await liar.GetAsync($"/agent/v1/transfers/{request}/files");
        Assert.Equal(HttpStatusCode.NotFound, taken.StatusCode);
        Assert.Equal(before["backups"], (await RowsAsync(app))["backups"]);
        Assert.Equal(0, await app.WithAsync<PanelDb, int>(db => db.Set<HostRequest>().CountAsync(r => r.AnsweredAt != null)));
        Assert.NotEqual("live", (await app.SiteAsync(ann, "ann", "web")).State);
        Assert.False(Directory.Exists(Path.Combine(app.Folder, "exports")));
    }

    [Fact]
    public async Task Class_17_a_report_that_lacks_a_part_or_has_it_of_another_kind_is_refused_and_breaks_nothing()
    {
        using var app = new PanelApp();
        using var liar = await JoinedAsync(app);
        var epoch = (string)(await liar.AskAsync(0))["epoch"]!;
        foreach (var part in Whole(epoch).Select(p => p.Key).Concat(["runs", "traffic", "homes", "drift", "backup", "move"]))
        {
            foreach (var value in new[] { "missing", "null", "7", "\"x\"", "[null]", "[{}]", "{}", "[[]]", "-1", "1e400", "{\"phpVersions\":null}" })
            {
                var report = Whole(epoch);
                report.Remove(part);
                if (value != "missing")
                {
                    report[part] = JsonNode.Parse(value);
                }

                using var said = await SayAsync(liar, report);
                Assert.True((int)said.StatusCode < 500, $"{part} = {value}: {said.StatusCode}");
            }
        }

        var (move, made) = ("""{ "files": 1, "bytes": 1, "sha256": "00", "sent": 1, "databases": [] """, """{ "handle": "ann", "snapshot": "00", "bytes": 1, "sha256": "00", "notes": [] """);
        foreach (var (part, value) in new[]
        {
            ("move", move.Replace("[]", "[null]", StringComparison.Ordinal) + "}"), ("move", move + """, "certificates": [null] }"""), ("backup", made.Replace("[]", "[null]", StringComparison.Ordinal) + "}"),
            ("backup", made + """, "kept": [null] }"""), ("backup", made + """, "counted": [null] }"""), ("backup", made + """, "trial": { "files": 1, "sites": [null], "wrong": [] } }"""),
            ("backup", made + """, "trial": { "files": 1, "sites": [], "wrong": [null] } }"""),
        })
        {
            var report = Whole(epoch);
            report[part] = JsonNode.Parse(value);
            using var said = await SayAsync(liar, report);
            Assert.True(said.StatusCode == HttpStatusCode.BadRequest, $"{part} = {value}: {said.StatusCode}");
        }

        Assert.Equal(HttpStatusCode.NoContent, (await SayAsync(liar, Whole(epoch))).StatusCode);
        Assert.Equal(2, (await app.WithAsync<Hosts, IReadOnlyList<HostPage>>(async h => (await h.ListAsync(PanelApp.Admin, default)).Value!)).Count);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_19_one_member_who_asks_again_and_again_is_one_question_to_the_host(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        var told = await agent.AskAsync(0);
        await agent.TellAsync((string)told["epoch"]!, (long)told["revision"]!, [HostingSteps.Account("ann", (long)told["revision"]!, ("account", "ann", "live", null))]);
        using var client = await app.TokenClientAsync(ann);
        using var gone = new CancellationTokenSource();
        var asked = Enumerable.Range(0, 12).Select(async _ =>
        {
            using var answer = await client.PostAsync("/api/v1/members/ann/backups", null, gone.Token);
            return answer.StatusCode;
        }).ToList();

        // All but one are refused at once, in words; the one waits for the host.
        for (var waiting = asked.ToList(); waiting.Count > 1;)
        {
            var refused = await Task.WhenAny(waiting);
            Assert.Equal(HttpStatusCode.Conflict, await refused);
            waiting.Remove(refused);
        }

        Assert.Equal(1, await OpenAsync(app));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.Single(a => !a.IsCompleted || a.IsCanceled));

        // Who went away is still being worked for: no second one beside it.
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsync("/api/v1/members/ann/backups", null)).StatusCode);
        Assert.Equal(1, await OpenAsync(app));
    }

    [Fact]
    public async Task Class_19_an_export_that_nobody_waited_for_leaves_one_archive_at_most()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        var told = await agent.AskAsync(0);
        var (epoch, revision) = ((string)told["epoch"]!, (long)told["revision"]!);
        await agent.TellAsync(epoch, revision, [HostingSteps.Account("ann", revision, ("account", "ann", "live", null))]);
        for (var turn = 0; turn < 4; turn++)
        {
            using var gone = new CancellationTokenSource();
            var export = app.WithAsync<MemberExports, int>(async e =>
            {
                await e.WriteAsync(ann, "ann", new MemoryStream(), gone.Token);
                return 0;
            });
            long id = 0;
            await AgentMachine.UntilAsync(async () => (id = (await agent.AskAsync(revision, epoch))["requests"]!.AsArray().Select(r => (long)r!["id"]!).FirstOrDefault()) > 0);
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => export);
            using var sent = await agent.PutAsync($"/agent/v1/archives/{id}", new StringContent("an archive"));
            Assert.Equal(HttpStatusCode.NoContent, sent.StatusCode);
            await agent.TellAsync(epoch, revision, request: id);
            Assert.InRange(Directory.GetFiles(Path.Combine(app.Folder, "exports")).Length, 0, 1);
        }
    }

    /// <summary>SSRF needs a place that connects. These are all of them; a new one has to be thought about here.</summary>
    [Fact]
    public void Class_13_panel_knocks_at_no_door_but_these()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Panel.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        string[] ways = ["new Socket(", "new TcpClient", "new UdpClient", "new HttpClient(", "AddHttpClient", "WebRequest.Create", "new SmtpClient", "new ClientWebSocket", "Dns.GetHostA", "Dns.GetHostE"];
        var found = new[] { "Panel.Services", "Panel.Web" }.SelectMany(p => Directory.EnumerateFiles(Path.Combine(root, p), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && ways.Any(File.ReadAllText(f).Contains))
            .Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);

        Assert.Equal(
        [
            "CliDoor.cs", // The operator's own socket.
            "FingerFetch.cs", // Followed addresses: resolved first, private ones refused (the other tests of this class).
            "HouseRestore.cs", // Whether Panel runs: its own socket.
            "MailKitTransport.cs", // The relay that the house's settings name.
            "SmtpTransport.cs", // The same.
        ], found);
    }

    private static async Task<HttpClient> JoinedAsync(PanelApp app)
    {
        var invited = (await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, "second", default))).Value!;
        var joined = (await app.WithAsync<HostInvitations, Outcome<Panel.Hosting.HostJoined>>(h => h.JoinAsync(invited.Line.Split('/')[^1], default))).Value!;
        return app.RemoteAgent(joined.Token);
    }

    private static Task<long> AskedAsync(PanelApp app, Actor ann) => app.WithAsync<PanelDb, long>(async db =>
    {
        var asked = new HostRequest { HostId = await db.Set<Host>().Select(h => h.Id).FirstAsync(), Work = Panel.Hosting.AgentWork.Backup, Handle = ann.Name, AskedBy = ann.Name, AskedAt = DateTime.UtcNow };
        db.Add(asked);
        await db.SaveChangesAsync();
        return asked.Id;
    });

    private static Task<int> OpenAsync(PanelApp app) => app.WithAsync<PanelDb, int>(db => db.Set<HostRequest>().CountAsync(r => r.AnsweredAt == null));

    private static Task<HttpResponseMessage> SayAsync(HttpClient agent, JsonNode report) => agent.PostAsJsonAsync("/agent/v1/reports", report);

    private static JsonObject Whole(string epoch) => JsonNode.Parse($$"""
        { "epoch": "{{epoch}}", "revision": 1, "full": false, "milliseconds": 1, "accounts": [], "usage": [], "orphans": [], "requestId": null, "plan": null,
          "facts": { "httpPort": 80, "httpsPort": 443, "sftpPort": 22, "sftpHost": "second", "fileSystem": "btrfs", "quotaEnforced": true, "phpVersions": [] } }
        """)!.AsObject();

    private static Task<Dictionary<string, long>> RowsAsync(PanelApp app) => app.WithAsync<PanelDb, Dictionary<string, long>>(async db =>
    {
        var rows = new Dictionary<string, long>(StringComparer.Ordinal);
        await db.Database.OpenConnectionAsync();
        foreach (var table in db.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables)
        {
            await using var count = db.Database.GetDbConnection().CreateCommand();
            count.CommandText = $"SELECT count(*) FROM {table.Name}";
            rows[table.Name] = Convert.ToInt64(await count.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
        }

        return rows;
    });
}
