extern alias agent;

using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Sites of every kind and how they answer, on real nginx and with programs that members bring.</summary>
public sealed class AgentSitesTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private const string Program = """
        #!/usr/bin/python3
        import os, socket, http.server
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = f"{os.getuid()} {self.path} {self.headers['Host']} {self.headers['X-Forwarded-Proto']}".encode()
                self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
            def address_string(self): return ""
        server = http.server.ThreadingHTTPServer(("", 0), Answer, bind_and_activate=False)
        server.socket = socket.socket(fileno=3)
        server.serve_forever()
        """;

    [RootFact]
    public async Task A_members_own_program_answers_runs_as_the_member_and_is_started_again()
    {
        var ann = await LiveAsync("ann", 290_401, Site("ann", "app", SiteKind.Proxy));
        await LiveAsync("bob", 290_402, Site("bob", "web"));
        var (code, text) = await machine.GetAsync("app.ann.localhost", "/");
        Assert.Equal(HttpStatusCode.BadGateway, code);
        Assert.Contains("broken", text, StringComparison.Ordinal);

        Assert.Equal(0, (await machine.SftpAsync("ann", "mkdir /private/app")).Code);
        await machine.UploadAsync("ann", "/private/app/start", Program);
        Assert.Equal(0, (await machine.SftpAsync("ann", "chmod 755 /private/app/start")).Code);
        await UntilAsync(async () => (await machine.GetAsync("app.ann.localhost", "/")).Code == HttpStatusCode.OK);
        Assert.Equal("290401 /a.php?x=/../%2f app.ann.localhost http", (await machine.GetAsync("app.ann.localhost", "/a.php?x=/../%2f")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await machine.GetAsync("web.bob.localhost", "/_panel_proxy")).Code);

        foreach (var pid in ProcessesOf(290_401))
        {
            await RunAsync("kill", "-KILL", pid.ToString(CultureInfo.InvariantCulture));
        }

        await UntilAsync(async () => (await machine.GetAsync("app.ann.localhost", "/")).Code == HttpStatusCode.OK);

        // Class 14 and 16b: nobody else reaches the socket, and nobody can put another in its place.
        var socket = $"/run/panel/host-{machine.Id}/apps/ann.app";
        Assert.NotEqual(0, (await AsAsync(290_402, "nc", "-zU", socket)).Code);
        Assert.NotEqual(0, (await AsAsync(290_401, "ln", "-sf", "/dev/null", socket)).Code);
        Assert.NotEqual(0, (await AsAsync(290_402, "ls", Path.GetDirectoryName(socket)!)).Code);

        await machine.Panel.SayAsync(ann with { Status = AccountStatus.Suspended });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await machine.GetAsync("app.ann.localhost", "/")).Code);
        Assert.Empty(ProcessesOf(290_401));
        await machine.Panel.SayAsync(ann);
        await machine.KillAgentAsync();
        await machine.StartAgentAsync();
        await machine.Panel.RequestAsync(AgentWork.Converge);
        await UntilAsync(async () => (await machine.GetAsync("app.ann.localhost", "/")).Code == HttpStatusCode.OK);

        await machine.Panel.SayAsync(ann with { Sites = [Site("ann", "app")] });
        Assert.Contains("ready", (await machine.GetAsync("app.ann.localhost", "/")).Text, StringComparison.Ordinal);
        await UntilAsync(() => ProcessesOf(290_401).Count == 0);
    }

    [RootFact]
    public async Task Other_names_lead_to_the_main_one_and_own_pages_say_what_is_missing()
    {
        var cat = await LiveAsync("cat", 290_403, Site("cat", "web", SiteKind.Static, "catart.example", "www.catart.example") with { Canonical = "catart.example" });
        var headers = "";
        // A worker from before the reload may answer once more.
        await UntilAsync(async () =>
        {
            (_, headers) = await RunAsync("curl", "-si", "-H", "Host: www.catart.example", $"http://127.0.0.1:{machine.HttpPort}/a//b?c=%2e");
            return headers.StartsWith("HTTP/1.1 301", StringComparison.Ordinal);
        });
        Assert.Contains($"Location: http://catart.example:{machine.HttpPort}/a//b?c=%2e\r\n", headers, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("catart.example", "/")).Code);

        await machine.UploadAsync("cat", "/sites/web/public/404.html", "cat says no");
        Assert.Equal((HttpStatusCode.NotFound, "cat says no"), await machine.GetAsync("catart.example", "/nothing"));
        await LiveAsync("dan", 290_404, Site("dan", "web"));
        var (code, output) = await machine.SftpAsync("dan", $"symlink {machine.Accounts}/cat/sites/web/public/404.html /sites/web/public/404.html");
        Assert.True(code == 0, output);
        Assert.DoesNotContain("cat says", (await machine.GetAsync("web.dan.localhost", "/nothing")).Text, StringComparison.Ordinal);

        // A name of somebody else, or none at all, is no target: it stays as it is served.
        foreach (var target in new[] { "web.dan.localhost", "evil.example", "x;}", "catart.example http://evil" })
        {
            await machine.Panel.SayAsync(cat with { Sites = [cat.Sites[0] with { Canonical = target }] });
            await UntilAsync(async () => (await machine.GetAsync("www.catart.example", "/")).Code == HttpStatusCode.OK);
        }

        await machine.Panel.SayAsync(cat);
        await File.WriteAllTextAsync($"/srv/panel/{machine.Id}/nginx/canonical.map", "catart.example evil.example;\n");
        await machine.Panel.RequestAsync(AgentWork.Converge);
        await UntilAsync(async () => (await machine.GetAsync("catart.example", "/")).Code == HttpStatusCode.OK && (await machine.GetAsync("www.catart.example", "/")).Code == HttpStatusCode.MovedPermanently);
    }

    [RootFact]
    public async Task Class_1_visits_are_counted_once_across_rotation_and_death_and_everybody_reads_only_their_own_log()
    {
        await LiveAsync("eve", 290_405, Site("eve", "web"));
        await LiveAsync("fay", 290_406, Site("fay", "web"));
        var bytes = 0L;
        async Task VisitAsync(string host, string path, string browser)
        {
            var (_, size) = await RunAsync("curl", "-gs", "-o", "/dev/null", "-w", "%{size_header} %{size_download}", "-A", browser, "-H", $"Host: {host}", $"http://127.0.0.1:{machine.HttpPort}{path}");
            bytes += host.Contains("eve", StringComparison.Ordinal) ? size.Split(' ').Sum(n => long.Parse(n, CultureInfo.InvariantCulture)) : 0;
        }

        await VisitAsync("web.eve.localhost", "/", "Browser one");
        await VisitAsync("web.eve.localhost", "/?$(id)\"}%0a{", "Browser \"two\", \"host\":\"web.fay.localhost\" \u001b[31m\t$(reboot)");
        await VisitAsync("web.fay.localhost", "/secret-of-fay", "Browser one");
        var tail = (await machine.Panel.RequestAsync(AgentWork.Log, "eve", "web")).Plan!;
        Assert.Equal(2, tail.Count);
        Assert.DoesNotContain(tail, l => l.Contains("secret-of-fay", StringComparison.Ordinal) || l.Any(char.IsControl));

        await machine.KillAgentAsync();
        await VisitAsync("web.eve.localhost", "/nothing", "Browser one");
        await VisitAsync("web.eve.localhost", "/", "somebot/1.0");
        await machine.StartAgentAsync();
        await UntilAsync(async () => (await machine.Panel.RequestAsync(AgentWork.Log, "eve", "web")).Plan!.Count == 4);

        var told = machine.Panel.Reports.SelectMany(r => r.Traffic ?? []).DistinctBy(t => (t.Batch, t.Handle, t.Hour)).Where(t => t.Handle == "eve").ToList();
        Assert.Equal((4, bytes), (told.Sum(t => t.Requests), told.Sum(t => t.Bytes)));
        Assert.Equal(2, told.Sum(t => t.Visits));
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Log, "../eve", "web")).Plan!);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Log, "eve", "../fay/web")).Plan!);
        Assert.Equal(0, (await machine.SftpAsync("eve", "get /logs/web.log /dev/null")).Code);
        Assert.NotEqual(0, (await machine.SftpAsync("eve", "rm /logs/web.log")).Code);
        Assert.NotEqual(0, (await machine.SftpAsync("eve", "rename /logs /old")).Code);
    }

    private async Task<AccountState> LiveAsync(string handle, int uid, params SiteState[] sites)
    {
        var account = Account(handle, uid, machine.PublicKey, sites);
        var report = await machine.Panel.SayAsync(account);
        Assert.All(report.Items, i => Assert.True(i.State == ItemState.Live, $"{i}\n{string.Join('\n', machine.Said)}"));
        return account;
    }

    private Task<(int Code, string Output)> AsAsync(int uid, params string[] command) =>
        machine.InsideAsync(["setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", .. command]);
}
