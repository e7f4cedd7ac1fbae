using System.Globalization;
using System.Text.Json.Nodes;

namespace Panel.Tests.EndToEnd;

/// <summary>The two promises under attack, on the real house: a member's hostile input never reaches a configuration, and killing web and
/// agent at random loses nothing and mails nobody twice.</summary>
[Collection(Journeys.Name)]
public sealed class FaultJourney(House house)
{
    private const int Mails = 2_000;
    private const int Changes = 100;
    private const int Kills = 12;

    /// <summary>Mail:Smtp:Connections of the house: the most that one kill may leave unknown.</summary>
    private const int Connections = 4;

    private static readonly string[] Hostile =
    [
        "evil.example; root /etc;", "evil.example\nserver { listen 80; }", "evil.example}", "{evil}.example", "$host", "..", "../../etc", "a/../b.example", "evil.example/",
        "*.example", "_default", "-evil.example", "evil..example", "evil.example\0", "\"evil.example\"", "'evil.example'", "evil .example", "évil\u202e.example", "xn--a.example",
        "localhost.", "127.0.0.1", "[::1]", "evil.example:80", "include /etc/passwd;", "`id`.example", "$(id).example", "evil.example%00", new string('a', 300) + ".example", "EVIL.EXAMPLE\r\nX: y",
    ];

    [Fact]
    public async Task Two_hundred_hostile_tries_never_reach_a_configuration_and_the_neighbour_answers_throughout()
    {
        await house.PanelAsync("member", "add", "nora", "--email", "nora@example.org");
        await house.PanelAsync("member", "add", "evan", "--email", "evan@example.org");
        await house.PanelAsync("site", "add", "nora", "web", "--kind", "static");
        await house.PanelAsync("site", "add", "evan", "web", "--kind", "static");
        var neighbour = await LiveAsync("nora", "web");
        using var http = Api();
        var before = await ConfigurationAsync();
        for (var i = 0; i < 200; i++)
        {
            var text = Hostile[i % Hostile.Length];
            using var answer = (i % 3) switch
            {
                0 => await http.PostAsync("/api/v1/members/evan/domains", Json(new JsonObject { ["name"] = text, ["site"] = "web" })),
                1 => await http.PostAsync("/api/v1/members/evan/sites", Json(new JsonObject { ["name"] = text, ["kind"] = "static" })),
                _ => await http.PostAsync("/api/v1/members/evan/keys", Json(new JsonObject { ["publicKey"] = $"command=\"{text}\" ssh-ed25519 AAAA" })),
            };
            Assert.True((int)answer.StatusCode is 422 or 409, $"{text}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            var (_, status) = await house.RunAsync("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", neighbour["url"]!.ToString());
            Assert.Equal("200", status);
        }

        await house.PanelAsync("host", "converge");
        Assert.Equal(before, await ConfigurationAsync());
        Assert.Equal("live", (await house.PanelAsync("site", "show", "evan", "web"))["state"]!.ToString());
    }

    [Fact]
    public async Task Killing_web_and_agent_at_random_loses_no_change_and_mails_nobody_twice()
    {
        await house.PanelAsync("package", "add", "many", "--disk", "1073741824", "--sites", "200", "--databases", "1", "--domains", "1", "--lists", "5", "--mails", "100000");
        await house.PanelAsync("member", "add", "kim", "--email", "kim@example.org", "--package", "many");
        await house.PanelAsync("list", "add", "kim", "news", "--title", "News", "--from", "Kim <news@kim.example>");
        var people = Path.Combine(house.Folder, "people.csv");
        await File.WriteAllLinesAsync(people, Enumerable.Range(0, Mails).Select(i => $"person{i}@example.net").Prepend("email"));
        await house.PanelAsync("subscriber", "import", "kim/news", people, "--consent", "signed the paper list in May");
        var text = Path.Combine(house.Folder, "news.md");
        await File.WriteAllTextAsync(text, "# News\n\nHello {name|friend}.\n");
        var issue = (await house.PanelAsync("issue", "add", "kim/news", "--subject", "Kill and count", "--markdown", text))["id"]!.ToString();
        await house.PanelAsync("issue", "send", issue);

        var kills = 0;
        var dice = new Random(20261122);
        for (var i = 0; i < Changes; i++)
        {
            await InsistAsync("site", "add", "kim", $"s{i}", "--kind", "static");
            if (i % (Changes / Kills) == Changes / Kills - 1)
            {
                kills += await KillAsync(dice.Next(3) == 0 ? "agent" : "web");
            }
        }

        var report = await House.UntilAsync<JsonNode>(async () => await TryAsync("issue", "report", issue) is { } r && r["state"]!.ToString() == "sent" ? r : null, "The end of the issue");
        var (sent, unknown) = (report["sent"]!.GetValue<int>(), report["unknown"]!.GetValue<int>());
        Assert.Equal(Mails, sent + unknown);
        Assert.InRange(unknown, 0, kills * Connections);
        var received = Directory.EnumerateFiles(house.Mails).Select(f => File.ReadLines(f).FirstOrDefault(l => l.StartsWith("X-Rcpt-Args: <person", StringComparison.Ordinal))).OfType<string>().ToList();
        Assert.Equal(received.Count, received.Distinct().Count());
        Assert.InRange(received.Count, sent, Mails);
        for (var i = 0; i < Changes; i++)
        {
            await LiveAsync("kim", $"s{i}");
        }
    }

    private Task<JsonNode> LiveAsync(string handle, string site) => House.UntilAsync<JsonNode>(
        async () => await TryAsync("site", "show", handle, site) is { } shown && shown["state"]!.ToString() == "live" ? shown : null, $"Site {site} of {handle} live");

    /// <summary>The answer, or null while the program is being started again.</summary>
    private async Task<JsonNode?> TryAsync(params string[] verb)
    {
        var (code, output) = await house.RunAsync(house.Settings["PANEL"], [.. verb, "--json"]);
        return code == 0 ? JsonNode.Parse(output) : null;
    }

    /// <summary>Asks until it was done; "there is one already" means that an answer was lost, not the change.</summary>
    private Task<string> InsistAsync(params string[] verb) => House.UntilAsync(async () =>
    {
        var (code, output) = await house.RunAsync(house.Settings["PANEL"], verb);
        return code == 0 || output.Contains("already", StringComparison.Ordinal) ? output : null;
    }, string.Join(' ', verb));

    /// <summary>SIGKILL by the recorded process id; infra/run's keeper starts it again.</summary>
    private async Task<int> KillAsync(string program)
    {
        var record = Path.Combine(house.State, "launch", $"{program}.pid");
        var pid = await House.UntilAsync(() => Task.FromResult(File.Exists(record) ? File.ReadAllText(record).Split(' ')[0] : null), $"{program} runs");
        await house.RunAsync("kill", "-KILL", pid);
        await House.UntilAsync(() => Task.FromResult(File.Exists(record) && File.ReadAllText(record).Split(' ')[0] != pid ? pid : null), $"{program} is started again");
        return program == "web" ? 1 : 0;
    }

    /// <summary>Every configuration file the house's daemons read.</summary>
    private async Task<string> ConfigurationAsync() =>
        (await house.RunAsync("find", house.State, "-name", "*.conf", "-newermt", "2000-01-01", "-exec", "sha256sum", "{}", "+")).Output
        .Split('\n').Where(l => !l.Contains("/php/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Aggregate("", (all, line) => $"{all}{line}\n");

    private HttpClient Api()
    {
        var socket = Path.Combine(new DirectoryInfo(Path.Combine(house.Folder, "data", "run")).ResolveLinkTarget(true)!.FullName, "panel.sock");
        return new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var unix = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
                await unix.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket), ct);
                return new System.Net.Sockets.NetworkStream(unix, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://panel") };
    }

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
}
