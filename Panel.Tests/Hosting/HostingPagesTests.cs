using System.Net;
using System.Net.Http.Headers;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Tests.Members;
using static Panel.Tests.Hosting.HostingSteps;

namespace Panel.Tests.Hosting;

public class HostingPagesTests
{
    private const string PublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIENlSp0+7xS9+Rs/Jd+ZVnjBAWnXhxEKzQm7XRP7esTI ann@home";

    [Fact]
    public async Task A_member_adds_sees_and_removes_a_site_without_scripts()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        Assert.Contains("No site yet", await ann.GetStringAsync("/sites"), StringComparison.Ordinal);

        using var refused = await ann.SendFormAsync("/sites/new", "/sites", ("Name", "../x"), ("Kind", "static"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("../x", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        using var made = await ann.SendFormAsync("/sites/new", "/sites", ("Name", "web"), ("Kind", "static"), ("Domains", "annart.example"));
        Assert.Equal((HttpStatusCode.SeeOther, "/sites/web"), (made.StatusCode, made.Headers.Location!.OriginalString));
        var page = await ann.GetStringAsync("/sites/web");
        Assert.Contains("sftp -P 2222 ann@localhost:/sites/web/public", page, StringComparison.Ordinal);
        Assert.Contains("Waits for its proof, not served", page, StringComparison.Ordinal);
        Assert.Contains("panel site show ann web", page, StringComparison.Ordinal);
        Assert.Contains("http-equiv=\"refresh\"", page, StringComparison.Ordinal);

        using var bad = await ann.SendFormAsync("/sites/web", "/sites/web/domains", ("name", "*annart.example"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, bad.StatusCode);
        using var gone = await ann.SendFormAsync("/sites/web/removal");
        Assert.Equal((HttpStatusCode.SeeOther, "/sites"), (gone.StatusCode, gone.Headers.Location!.OriginalString));
        Assert.Equal(HttpStatusCode.NotFound, (await ann.GetAsync("/sites/web")).StatusCode);
    }

    [Fact]
    public async Task A_key_is_pasted_and_a_private_one_is_not_shown_again()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");

        using var made = await ann.SendFormAsync("/keys", ("PublicKey", PublicKey));
        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        Assert.Contains("SHA256:", await ann.GetStringAsync("/keys"), StringComparison.Ordinal);
        using var refused = await ann.SendFormAsync("/keys", ("PublicKey", "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0"));
        var page = await refused.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("discard it", page, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", page, StringComparison.Ordinal);
        using var removed = await ann.SendFormAsync("/keys", "/keys/1/removal");
        Assert.Equal(HttpStatusCode.SeeOther, removed.StatusCode);
        Assert.Contains("No key yet", await ann.GetStringAsync("/keys"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosts_are_for_admins_who_also_approve_names()
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        using var boss = await app.SignInAsync("boss", admin: true);
        using var ann = await app.SignInAsync("ann");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web");
        using var claimed = await ann.SendFormAsync("/sites/web", "/sites/web/domains", ("name", "annart.example"));
        await agent.AskAsync(99, "another");
        var name = (await app.HostAsync()).Name;

        Assert.Equal(HttpStatusCode.Forbidden, (await ann.GetAsync("/hosts")).StatusCode);
        Assert.Contains("annart.example", await boss.GetStringAsync("/hosts"), StringComparison.Ordinal);
        Assert.Contains("Nothing is taken away", await boss.GetStringAsync($"/hosts/{name}"), StringComparison.Ordinal);
        using var approved = await boss.SendFormAsync("/hosts", "/domain-approvals", ("handle", "ann"), ("name", "annart.example"));
        Assert.Equal(HttpStatusCode.SeeOther, approved.StatusCode);
        using var confirmed = await boss.SendFormAsync($"/hosts/{name}", $"/hosts/{name}/removals");
        Assert.Equal(HttpStatusCode.SeeOther, confirmed.StatusCode);
        Assert.DoesNotContain("Nothing is taken away", await boss.GetStringAsync($"/hosts/{name}"), StringComparison.Ordinal);
        Assert.DoesNotContain("Waits for its proof", await ann.GetStringAsync("/sites/web"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_says_what_is_known()
    {
        using var app = new PanelApp();
        using var agent = app.AgentLink();
        using var ann = await app.SignInAsync("ann");
        Assert.Contains("Nothing has been measured yet", await ann.GetStringAsync("/usage"), StringComparison.Ordinal);
        var known = await agent.AskAsync(0);
        await agent.TellAsync(known["epoch"]!.GetValue<string>(), known["revision"]!.GetValue<long>(), usage: [Used("ann", 1L << 30)]);

        var page = await ann.GetStringAsync("/usage");
        Assert.Contains("Your disk space is used up", page, StringComparison.Ordinal);
        Assert.Contains("not enough history yet", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task An_open_page_hears_of_the_state_and_of_nothing_twice(string provider)
    {
        using var app = new PanelApp(provider);
        using var agent = app.AgentLink();
        using var ann = await app.SignInAsync("ann");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web");
        await agent.AskAsync(0);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        string first;
        using (var stream = await OpenAsync(ann, null, late.Token))
        {
            (first, var pending) = await NextAsync(stream, late.Token);
            Assert.Contains("data-say=\"web is pending\"", pending, StringComparison.Ordinal);
        }

        // The reader comes back with what it has; the next thing it hears is the news.
        using (var stream = await OpenAsync(ann, first, late.Token))
        {
            var known = await agent.AskAsync(0);
            var revision = known["revision"]!.GetValue<long>();
            await agent.TellAsync(known["epoch"]!.GetValue<string>(), revision, [Account("ann", revision, ("site", "web", "Live", null))]);
            var (second, live) = await NextAsync(stream, late.Token);
            Assert.NotEqual(first, second);
            Assert.Contains("web is live", live, StringComparison.Ordinal);

            await app.WithAsync<Sites, Outcome<Done>>(s => s.RemoveAsync(PanelApp.Admin, "ann", "web", CancellationToken.None));
            var (_, end) = await NextAsync(stream, late.Token);
            Assert.Equal("end", end);
        }
    }

    [Fact]
    public async Task Another_members_stream_is_not_there()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        using var bob = await app.SignInAsync("bob");
        await app.AddSiteAsync(PanelApp.Admin, "ann", "web");
        using var stream = await OpenAsync(bob, null, CancellationToken.None);
        Assert.Equal(("", "end"), await NextAsync(stream, CancellationToken.None));
    }

    private static async Task<StreamReader> OpenAsync(HttpClient client, string? last, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/sites/web/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (last is not null)
        {
            request.Headers.Add("Last-Event-ID", last);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync(ct));
    }

    /// <summary>Id and content of the next event; the content of an end is its name.</summary>
    private static async Task<(string Id, string Content)> NextAsync(StreamReader stream, CancellationToken ct)
    {
        var (id, content) = ("", "");
        while (await stream.ReadLineAsync(ct) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = line[4..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                content += line[6..];
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                content = line[7..];
            }
            else if (line.Length == 0 && content.Length > 0)
            {
                return (id, content);
            }
        }

        throw new EndOfStreamException();
    }
}
