using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Tests.Members;

namespace Panel.Tests.Hosting;

public class BackupsTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_night_asks_once_for_each_account_and_its_trial_is_judged_by_what_was_read(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        using var agent = app.AgentLink();
        var epoch = (await agent.AskAsync(0))["epoch"]!.ToString();
        await NightAsync(app);
        await NightAsync(app);

        var asked = (await agent.AskAsync(0))["requests"]!.AsArray();
        Assert.Equal(["Backup ann", "Backup bob"], asked.Select(r => $"{r!["work"]} {r["handle"]}").Order());
        Assert.Equal(2, asked.Select(r => r!["backup"]!["secret"]!.ToString()).Distinct().Count(s => s.Length >= 32));
        foreach (var request in asked)
        {
            await AnswerAsync(agent, epoch, request!["id"]!.GetValue<long>(), new JsonObject
            {
                ["handle"] = request["handle"]!.ToString(),
                ["snapshot"] = "abcdef12",
                ["bytes"] = 5000,
                ["sha256"] = "aa",
                ["notes"] = new JsonArray("tar: home/x: Cannot open"),
            });
        }

        await NightAsync(app);
        var trial = Assert.Single((await agent.AskAsync(0))["requests"]!.AsArray())!;
        Assert.Equal("Trial ann abcdef12", $"{trial["work"]} {trial["handle"]} {trial["backup"]!["snapshot"]}");
        await AnswerAsync(agent, epoch, trial["id"]!.GetValue<long>(), new JsonObject { ["handle"] = "ann", ["snapshot"] = "abcdef12", ["bytes"] = 5000, ["sha256"] = "aa", ["notes"] = new JsonArray() });
        await NightAsync(app);
        trial = Assert.Single((await agent.AskAsync(0))["requests"]!.AsArray())!;
        Assert.Equal("bob", trial["handle"]!.ToString());
        await AnswerAsync(agent, epoch, trial["id"]!.GetValue<long>(), new JsonObject { ["handle"] = "bob", ["snapshot"] = "abcdef12", ["bytes"] = 4999, ["sha256"] = "ab", ["notes"] = new JsonArray() });

        Assert.Equal(("good", "tar: home/x: Cannot open"), await ListAsync(app, "ann") is [var hers] ? (hers.Trial, hers.Notes[0]) : ("", ""));
        Assert.Contains("differs", Assert.Single(await ListAsync(app, "bob")).TrialFailure, StringComparison.Ordinal);
        await NightAsync(app);
        Assert.Empty((await agent.AskAsync(0))["requests"]!.AsArray());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_trial_that_found_other_rows_or_a_broken_page_failed_and_says_which(string provider)
    {
        using var app = new PanelApp(provider);
        await app.MemberAsync("ann");
        using var agent = app.AgentLink();
        using var panel = app.Operator();
        var epoch = (await agent.AskAsync(0))["epoch"]!.ToString();
        JsonObject Made(int rows, JsonObject? trial) => new()
        {
            ["handle"] = "ann",
            ["snapshot"] = "abcdef12",
            ["bytes"] = 5000,
            ["sha256"] = "aa",
            ["notes"] = new JsonArray(),
            ["counted"] = new JsonArray(new JsonObject { ["name"] = "shop", ["rows"] = new JsonObject { ["orders"] = rows } }, new JsonObject { ["name"] = "busy", ["rows"] = null }),
            ["trial"] = trial,
        };
        async Task<JsonNode> TryAsync(int rows, params string[] wrong)
        {
            await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync("DELETE FROM backups"));
            await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync("DELETE FROM host_requests"));
            foreach (var answer in new[] { Made(1_234, null), Made(rows, new JsonObject { ["files"] = 12, ["sites"] = new JsonArray("web answered 200 with its first page"), ["wrong"] = new JsonArray([.. wrong.Select(w => JsonValue.Create(w))]) }) })
            {
                await NightAsync(app);
                await AnswerAsync(agent, epoch, Assert.Single((await agent.AskAsync(0))["requests"]!.AsArray())!["id"]!.GetValue<long>(), answer);
            }

            return JsonNode.Parse(await panel.GetStringAsync("/api/v1/members/ann/backups"))!.AsArray().Single()!;
        }

        var good = await TryAsync(1_234);
        Assert.Equal(("good", null), (good["trial"]!.ToString(), good["trialFailure"]?.ToString()));
        Assert.Equal(
            ["12 files, each as in the archive", "web answered 200 with its first page", "database shop: 1 table, 1,234 rows", "database busy: rows not counted; it was being written to when it was backed up, so its rows are not compared"],
            good["trialNotes"]!.AsArray().Select(n => n!.ToString()));
        var rows = await TryAsync(1_233);
        Assert.Equal(("failed", "The database shop came back with other rows: orders 1,233 instead of 1,234."), (rows["trial"]!.ToString(), rows["trialFailure"]!.ToString()));
        var page = await TryAsync(1_234, "The site web answered 403.");
        Assert.Equal(("failed", "The site web answered 403."), (page["trial"]!.ToString(), page["trialFailure"]!.ToString()));
    }

    [Theory]
    [InlineData("/etc/passwd"), InlineData("../bob"), InlineData("home/../../bob"), InlineData("--to-command=id"), InlineData("home//x"), InlineData("tmp/x"), InlineData(""), InlineData("home/a\nb")]
    public async Task Class_5_hostile_paths_are_refused_in_words(string path)
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        await app.WithAsync<PanelDb, int>(async db =>
        {
            db.Add(new Backup { MemberId = 1, Snapshot = "abcdef12", MadeAt = DateTime.UtcNow, Bytes = 1, Sha256 = "", Notes = "[]" });
            return await db.SaveChangesAsync();
        });
        Assert.Equal("path", (await RestoreAsync(app, ann, "ann", new RestoreWish(path))).Refused!.Field);
        Assert.IsType<NotThere>((await RestoreAsync(app, bob, "bob", new RestoreWish("home/x"))).Refused);
        Assert.IsType<NotThere>((await RestoreAsync(app, bob, "ann", new RestoreWish("home/x"))).Refused);
        Assert.Equal("database", (await RestoreAsync(app, ann, "ann", new RestoreWish(Database: "none"))).Refused!.Field);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_member_finds_a_name_in_a_backup_and_restores_it_on_the_page(string provider)
    {
        using var app = new PanelApp(provider);
        using var ann = await app.SignInAsync("ann");
        using var bob = await app.SignInAsync("bob");
        using var agent = app.AgentLink();
        var epoch = (await agent.AskAsync(0))["epoch"]!.ToString();
        await app.WithAsync<PanelDb, int>(async db =>
        {
            db.Add(new Backup { MemberId = 1, Snapshot = "abcdef12", MadeAt = DateTime.UtcNow, Bytes = 1, Sha256 = "", Notes = "[]" });
            return await db.SaveChangesAsync();
        });
        async Task<JsonNode> AnsweredAsync(string work, params string[] notes)
        {
            JsonNode? asked = null;
            await AgentMachine.UntilAsync(async () => (asked = (await agent.AskAsync(0))["requests"]!.AsArray().SingleOrDefault(r => r!["work"]!.ToString() == work)) is not null);
            await AnswerAsync(agent, epoch, asked!["id"]!.GetValue<long>(), new JsonObject { ["handle"] = "ann", ["snapshot"] = "abcdef12", ["bytes"] = 1, ["sha256"] = "", ["notes"] = new JsonArray([.. notes.Select(n => JsonValue.Create(n))]) });
            return asked["backup"]!;
        }

        Assert.Equal(HttpStatusCode.NotFound, (await bob.GetAsync("/backups/1/restore?find=letter")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ann.GetAsync("/backups/1/restore?find=" + new string('x', 201))).StatusCode);
        var found = ann.GetStringAsync("/backups/1/restore?find=letter");
        Assert.Equal("letter", (await AnsweredAsync("Contents", "home/letters/", "home/letters/a & b.txt"))["path"]!.ToString());
        var page = await found;
        Assert.Contains("href=\"/backups/1/restore?path=home%2Fletters#Path\"", page, StringComparison.Ordinal);
        Assert.Contains("path=home%2Fletters%2Fa%20%26%20b.txt#Path\">home/letters/a &amp; b.txt</a>", page, StringComparison.Ordinal);
        Assert.Contains("value=\"home/letters/a &amp; b.txt\"", await ann.GetStringAsync("/backups/1/restore?path=home%2Fletters%2Fa%20%26%20b.txt"), StringComparison.Ordinal);

        using var refused = await ann.SendFormAsync("/backups/1/restore", ("What", "path"), ("Path", "../bob"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("A path begins with home", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var restored = ann.SendFormAsync("/backups/1/restore", ("What", "path"), ("Path", "home/letters/a & b.txt"), ("Beside", "true"));
        var order = await AnsweredAsync("Restore", "tar: home/letters/a & b.txt: Cannot open");
        Assert.Equal(("home/letters/a & b.txt", true), (order["path"]!.ToString(), order["beside"]!.GetValue<bool>()));
        using var done = await restored;
        Assert.Equal((HttpStatusCode.SeeOther, "/backups"), (done.StatusCode, done.Headers.Location!.OriginalString));
        Assert.Contains("Restored home/letters/a &amp; b.txt home/restored-abcdef12. Not restored: tar: home/letters/a &amp; b.txt: Cannot open", await ann.GetStringAsync("/backups"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_export_is_one_archive_that_explains_itself_and_says_what_is_missing(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        await app.AddSiteAsync(ann, "ann", "web");
        using var hers = await app.TokenClientAsync(ann);
        using var made = await hers.PostAsJsonAsync("/api/v1/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <ann@example.org>" });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        var found = new Dictionary<string, string>();
        await using var zip = new GZipStream(await hers.GetStreamAsync("/api/v1/members/ann/export"), CompressionMode.Decompress);
        await using var tar = new TarReader(zip);
        while (await tar.GetNextEntryAsync(copyData: true) is { } entry)
        {
            using var text = new StreamReader(entry.DataStream!, Encoding.UTF8);
            found[entry.Name] = await text.ReadToEndAsync();
        }

        Assert.Equal("ann", JsonNode.Parse(found["account.json"])!["handle"]!.ToString());
        Assert.Equal("web", JsonNode.Parse(found["hosting/sites.json"])![0]!["name"]!.ToString());
        Assert.StartsWith("email,name,state", found["newsletters/letters/subscribers.csv"], StringComparison.Ordinal);
        Assert.Subset(found.Keys.ToHashSet(), new HashSet<string> { "finger.json", "finger/posts.json", "finger/following.json", "finger/plans.json" });
        Assert.Contains("The files and databases are missing", found["README.txt"], StringComparison.Ordinal);
    }

    private static Task<int> NightAsync(PanelApp app) => app.WithAsync<Backups, int>(async b =>
    {
        await b.NightlyAsync(Actor.Job, CancellationToken.None);
        return 0;
    });

    private static async Task<IReadOnlyList<BackupPage>> ListAsync(PanelApp app, string handle) =>
        (await app.WithAsync<Backups, Outcome<IReadOnlyList<BackupPage>>>(b => b.ListAsync(PanelApp.Admin, handle, CancellationToken.None))).Value!;

    private static Task<Outcome<Restored>> RestoreAsync(PanelApp app, Actor by, string handle, RestoreWish wish) =>
        app.WithAsync<Backups, Outcome<Restored>>(b => b.RestoreAsync(by, handle, 1, wish, CancellationToken.None));

    private static async Task AnswerAsync(HttpClient agent, string epoch, long request, JsonNode backup) =>
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellBackupAsync(epoch, request, backup));
}
