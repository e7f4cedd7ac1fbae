using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Panel.Hosting;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;
using Panel.Services.Newsletters.Returning;
using Panel.Tests.Hosting;
using static Panel.Tests.Hosting.HostingSteps;

namespace Panel.Tests.EndToEnd;

/// <summary>A house in use: ann, who joined first, has one of everything a page can show, in good and in bad states.</summary>
internal static class Furniture
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIENlSp0+7xS9+Rs/Jd+ZVnjBAWnXhxEKzQm7XRP7esTI ann@home";
    private const string Markdown = "# Open on Friday\n\nDear {name|friend},\n\nthe stairwell is **painted**. Come at seven, bring a chair.\n\n- tea\n- one film from 1977\n\n[The way there](https://annart.example/way)\n";

    /// <summary>Of the issue that is a draft: a form leads there.</summary>
    public const string LastScreen = "/newsletters/letters/issues/3/dispatch/new";

    /// <summary>Names in a backup, as the host finds them.</summary>
    public const string Search = "/backups/1/restore?find=radio";

    public static async Task FurnishAsync(this PanelApp app)
    {
        using var root = app.Operator();
        using var agent = app.AgentLink();
        var ann = Actor.Member(1, "ann", true, Door.Web);
        foreach (var handle in new[] { "bob", "cara", "a-collective-of-friends-of-form" })
        {
            await app.MemberAsync(handle);
        }

        await PostAsync(root, "packages", new { name = "small", diskBytes = 100_000_000, sites = 1, databases = 1, domains = 2, lists = 1, mails = 500 });
        using var suspended = await root.PutAsJsonAsync("/api/v1/members/bob/suspension", new { reason = "asked to, until spring" });
        Assert.True(suspended.IsSuccessStatusCode);
        await HostAsync(root, agent, app);
        await TalkAsync(root);
        await WriteAsync(root, app, ann);
        await PostAsync(root, "members/ann/lists/letters/segments", new { name = "Confirmed", rule = new { @is = "state", state = "confirmed" } });
        await PostAsync(root, "members/cara/lists", new { name = "notes", title = "Notes", from = "Cara <notes@cara.example>", postalAddress = "Cara, Stairwell 3, 8000 Zürich" });
        using var wanted = await root.PutAsJsonAsync("/api/v1/members/cara/lists/notes", new { approval = true });
        Assert.True(wanted.IsSuccessStatusCode, await wanted.Content.ReadAsStringAsync());
        await PostAsync(root, "members/cara/lists/notes/issues", new { subject = "Spring", markdown = Markdown });
        await PostAsync(root, "hosts", new { name = "second" });
        await app.WithAsync<PanelDb, int>(db =>
        {
            var (copy, move) = (new AccountCopy { MemberId = 3, HostId = 2 }, new Move { MemberId = 3, FromHostId = 1, ToHostId = 2, AskedBy = "ann", AskedAt = DateTime.UtcNow });
            copy.Become(CopyState.Arriving, 1, DateTime.UtcNow);
            move.Begin(DateTime.UtcNow);
            db.AddRange(copy, move);
            return db.SaveChangesAsync();
        });
        await PostAsync(root, "members/ann/tokens", new { name = "from the studio", scopes = new[] { "finger:read", "finger:write" }, days = 30 });
    }

    private static async Task HostAsync(HttpClient root, HttpClient agent, PanelApp app)
    {
        await PostAsync(root, "members/ann/sites", new { name = "web", kind = "static", domains = new[] { "annart.example", "malerei-für-alle.example" } });
        await PostAsync(root, "members/ann/sites", new { name = "shop", kind = "php" });
        await PostAsync(root, "members/ann/sites", new { name = "radio", kind = "proxy" });
        await PostAsync(root, "members/bob/sites", new { name = "old", kind = "static" });
        await PostAsync(root, "members/ann/domains", new { name = "shop.annart.example", site = "shop" });
        await PostAsync(root, "members/ann/databases", new { name = "blog", engine = "mariadb" });
        await PostAsync(root, "members/ann/databases", new { name = "maps", engine = "postgres" });
        await PostAsync(root, "members/ann/keys", new { publicKey = Key });
        await PostAsync(root, "members/ann/tasks", new { name = "tidy", every = "daily@04:00", arguments = new[] { "/usr/bin/find", "home/tmp", "-mtime", "+30", "-delete" } });
        var known = await agent.AskAsync(0);
        var (epoch, revision) = (known["epoch"]!.ToString(), known["revision"]!.GetValue<long>());
        var now = DateTime.UtcNow;
        await agent.TellAsync(epoch, revision,
            [
                Account("ann", revision, ("account", "ann", "live", null), ("site", "web", "live", null), ("database", "blog", "live", null), ("key", "1", "live", null),
                    ("site", "shop", "failed", "index.php asks for the extension mongodb, which this host does not have."), ("certificate", "web", "failed", "annart.example has no A record that leads here: 203.0.113.9 is wanted, nothing was found.")),
                Account("bob", revision, ("account", "bob", "suspended", null)),
            ],
            [Used("ann", 612_000_000), Used("bob", 99_000_000)],
            traffic: [.. Enumerable.Range(0, 20).Select(day => Traffic(now.AddDays(-day), 7_000_000 + (day * 310_000), 400 + (day % 7 * 90)))],
            drift: [new JsonObject { ["handle"] = "ann", ["healed"] = true, ["lines"] = new JsonArray("ann: write the SFTP keys", "    - ssh-ed25519 AAAAstrange", "    + ssh-ed25519 AAAAC3Nz") }]);
        for (var run = 1; run <= 3; run++)
        {
            await agent.TellRunAsync(epoch, new JsonObject
            {
                ["handle"] = "ann",
                ["task"] = "tidy",
                ["startedAt"] = now.AddDays(-run),
                ["milliseconds"] = 5200,
                ["exitCode"] = run == 2 ? 1 : 0,
                ["note"] = null,
                ["output"] = run == 2 ? "find: 'home/tmp': No such file or directory\n" : "",
            });
        }

        await app.WithAsync<PanelDb, int>(db =>
        {
            db.AddRange(Enumerable.Range(1, 20).Select(day => new UsageSample
            {
                MemberId = 1,
                Day = DateOnly.FromDateTime(now.AddDays(-day)),
                DiskBytes = 612_000_000 - (day * 14_000_000),
                Enforced = true,
                At = now.AddDays(-day),
            }));
            CountedDatabase[] counted = [new("ann_shop", new Dictionary<string, long> { ["orders"] = 4_211, ["people"] = 318 })];
            var good = new Backup { MemberId = 1, Snapshot = "3f9ac01b", MadeAt = now.AddHours(-30), Bytes = 580_000_000, Sha256 = "aa", Notes = "[]", Counted = AgentWire.Write(counted) };
            var bad = new Backup
            {
                MemberId = 1,
                Snapshot = "90be77d2",
                MadeAt = now.AddHours(-6),
                Bytes = 611_000_000,
                Sha256 = "ab",
                Notes = "[\"tar: home/fifo: socket ignored\"]",
                Counted = AgentWire.Write(counted),
            };
            good.Tried(new BackupMade("ann", "3f9ac01b", 580_000_000, "aa", [], Counted: counted, Trial: new TrialFound(18_204, ["site shop answered 200 with its first page"], [])), null, now.AddHours(-29));
            bad.Tried(
                new BackupMade("ann", "90be77d2", 611_000_000, "ab", [], Counted: [new("ann_shop", new Dictionary<string, long> { ["orders"] = 4_208, ["people"] = 318 })], Trial: new TrialFound(18_377, [], [])),
                null, now.AddHours(-5));
            db.AddRange(good, bad);
            return db.SaveChangesAsync();
        });
    }

    private static async Task TalkAsync(HttpClient root)
    {
        foreach (var plan in new[] { "Sketching.", "Painting the stairwell of house 3.\n\nOpen studio on Friday at seven. Bring a chair." })
        {
            using var answer = await root.PutAsJsonAsync("/api/v1/members/ann/finger", new { plan, project = "Stairwells" });
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        foreach (var text in new[] { "Paint is dry. #stairwell", "Who has a projector for Friday? @cara@collective.example" })
        {
            await PostAsync(root, "members/ann/posts", new { text });
        }

        await PostAsync(root, "members/cara/posts", new { text = "@ann@collective.example I have one, and the film from 1977. https://films.example/1977" });
        await PostAsync(root, "members/ann/following", new { address = "cara@collective.example" });
    }

    private static async Task WriteAsync(HttpClient root, PanelApp app, Actor ann)
    {
        await PostAsync(root, "members/ann/lists", new
        {
            name = "letters",
            title = "Letters from the stairwell",
            from = "Ann Artist <letters@annart.example>",
            postalAddress = "Ann Artist, Stairwell 3, 8000 Zürich",
            description = "Once a month, what was painted and where to see it.",
        });
        await app.WithAsync<PanelDb, int>(db => PeopleAsync(db, DateTime.UtcNow));
        var sent = await IssueAsync(app, ann, "Open on Friday");
        var cancelled = await IssueAsync(app, ann, "Winter pause");
        foreach (var id in new[] { sent, cancelled })
        {
            Assert.Null((await app.WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(ann, id, id == sent ? null : DateTimeOffset.UtcNow.AddDays(3), default))).Refused);
        }

        await House.UntilAsync(async () => (await app.WithAsync<Reports, Outcome<IssueReport>>(r => r.ShowAsync(ann, sent, false, default))).Value is { State: IssueState.Sent } report ? report : null, "The issue");
        var draft = await IssueAsync(app, ann, "The film from 1977, and what a plan was");
        Assert.Null((await app.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(ann, draft, new IssueWords("The film from 1977", Markdown + "\nMore.\n"), default))).Refused);
        await app.WithAsync<PanelDb, int>(db =>
        {
            db.Add(new ReturnedRow { ListId = 1, IssueId = sent, SubscriberId = 3, Kind = ReturnedKind.Hard, Status = "5.1.1", Words = "550 5.1.1 <p3@gmail.com>: no such mailbox", Subject = "Undelivered Mail Returned to Sender", From = "", ReceivedAt = DateTime.UtcNow.AddHours(-2) });
            db.Add(new ReturnedRow { ListId = 1, IssueId = sent, SubscriberId = 4, Kind = ReturnedKind.Unclear, Words = "", Subject = "Re: Open on Friday", From = "p4@bluewin.example", Body = Encoding.UTF8.GetBytes("Lovely! I come with two chairs."), ReceivedAt = DateTime.UtcNow.AddHours(-1) });
            return db.SaveChangesAsync();
        });
        using var people = new MemoryStream(Encoding.UTF8.GetBytes("E-Mail;Vorname;Ort\nnew@people.example;Nina;Bern\nnot an address;;\np1@gmail.com;Once more;Basel\n"));
        Assert.Null((await app.WithAsync<Imports, Outcome<ImportPage>>(i => i.AddAsync(ann, "ann", "letters", people, "Leute aus dem Laden.csv", "signed the paper list in May", default))).Refused);
    }

    private static async Task<int> PeopleAsync(PanelDb db, DateTime now)
    {
        string[] domains = ["gmail.com", "bluewin.example", "posteo.example", "a-very-long-domain-of-a-university-department.example"];
        db.AddRange(Enumerable.Range(1, 60).Select(n => new Subscriber
        {
            ListId = 1,
            Email = $"p{n}@{domains[n % domains.Length]}",
            EmailKey = $"p{n}@{domains[n % domains.Length]}",
            Domain = domains[n % domains.Length],
            State = (SubscriberState)(n % 11 < 6 ? 1 : n % 6),
            JoinedAt = now.AddDays(-n * 2),
            ChangedAt = now.AddDays(-n),
            ConsentAt = now.AddDays(-n * 2),
        }));
        return await db.SaveChangesAsync();
    }

    private static async Task<long> IssueAsync(PanelApp app, Actor by, string subject) =>
        (await app.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(by, "ann", "letters", new IssueWords(subject, Markdown), default))).Value!.Id;

    private static JsonObject Traffic(DateTime hour, long bytes, long visits) => new()
    {
        ["batch"] = Convert.ToHexString(RandomNumberGenerator.GetBytes(8)),
        ["handle"] = "ann",
        ["site"] = "web",
        ["hour"] = hour.Date.AddHours(hour.Hour),
        ["bytes"] = bytes,
        ["requests"] = visits * 9,
        ["visits"] = visits,
        ["errors"] = visits / 50,
    };

    private static async Task PostAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync($"/api/v1/{path}", body);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync()}");
    }
}
