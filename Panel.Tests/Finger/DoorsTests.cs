using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Tests.Finger;

public class DoorsTests
{
    private static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Every_door_tells_the_same_dates_ids_and_words(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "here.example"), ("Panel:PublicUrl", "https://panel.example")) { Time = new ManualTime() };
        var ann = await app.MemberAsync("ann");
        await app.SetAsync("ann", new FingerChanges("Ann <b> & Zürich", Plan: "free {text}"));
        using var api = await app.TokenClientAsync(ann);
        foreach (var text in new[] { "First & <b>best</b> \"quoted\" \\ back", "Zürich 東京 🐙 #opening", "third, https://ann.example/x?a=1&b=2" })
        {
            using var posted = await api.PostAsJsonAsync("/api/v1/members/ann/posts", new { text });
            Assert.Equal(HttpStatusCode.Created, posted.StatusCode);
        }

        using var visitor = app.Visitor();
        var stored = JsonNode.Parse(await api.GetStringAsync("/api/v1/members/ann/posts"))!.AsArray()
            .Select(p => (Id: p!["tag"]!.GetValue<string>(), Text: p["text"]!.GetValue<string>(), At: p["at"]!.GetValue<DateTime>(), Url: p["url"]!.GetValue<string>())).ToList();
        Assert.Equal(3, stored.Select(s => s.At).Distinct().Count());
        var newest = stored[0];
        Assert.Equal($"tag:here.example,{newest.At:yyyy-MM-dd}:ann/3", newest.Id);

        var atom = XDocument.Parse(await visitor.GetStringAsync("/~ann/atom.xml")).Root!;
        Assert.Equal(stored.Select(s => (s.Id, s.Text, s.At, s.Url)), atom.Elements(Atom + "entry").Select(e => (
            e.Element(Atom + "id")!.Value, e.Element(Atom + "content")!.Value, Utc(e.Element(Atom + "published")!.Value), e.Element(Atom + "link")!.Attribute("href")!.Value)));
        Assert.Equal("Ann <b> & Zürich", atom.Element(Atom + "title")!.Value);
        var json = JsonNode.Parse(await visitor.GetStringAsync("/~ann/feed.json"))!["items"]!.AsArray();
        Assert.Equal(stored.Select(s => (s.Id, s.Text, s.At, s.Url)), json.Select(i => (
            i!["id"]!.GetValue<string>(), i["content_text"]!.GetValue<string>(), Utc(i["date_published"]!.GetValue<string>()), i["url"]!.GetValue<string>())));
        var twtxt = (await visitor.GetStringAsync("/~ann/twtxt.txt")).Split('\n').Where(l => l.Length > 0 && l[0] != '#').Reverse().Select(l => l.Split('\t'));
        Assert.Equal(stored.Select(s => (s.At, s.Text)), twtxt.Select(l => (Utc(l[0]), l[1])));

        var sent = await app.AskAsync("ann\r\n");
        Assert.All(sent.Split("\r\n"), l => Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(l), 0, 2047));
        var read = ThimblReader.Read(System.Text.Encoding.UTF8.GetBytes(sent));
        Assert.Equal(stored.Select(s => (s.At, s.Text)), read.Messages.Select(m => (m.At, m.Text)));
        Assert.Equal("free {text}", read.Plan);

        var page = await visitor.GetStringAsync("/~ann");
        Assert.All(stored, s => Assert.Contains($"id=\"{new Uri(s.Url).Fragment[1..]}\"", page, StringComparison.Ordinal));
        Assert.Contains("<a href=\"https://ann.example/x?a=1&amp;b=2\"", page, StringComparison.Ordinal);
        Assert.Contains("First &amp; &lt;b&gt;best", page, StringComparison.Ordinal);
        var finger = JsonNode.Parse(await visitor.GetStringAsync("/.well-known/webfinger?resource=acct:ann@here.example"))!;
        Assert.Contains("https://panel.example/~ann/atom.xml", finger["links"]!.AsArray().Select(l => l!["href"]!.GetValue<string>()));
        Assert.Contains("finger://here.example/ann", finger["links"]!.AsArray().Select(l => l!["href"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Who_is_hidden_or_takes_a_post_back_is_gone_from_every_door()
    {
        using var app = new PanelApp(more: ("Finger:Host", "here.example"));
        var ann = await app.MemberAsync("ann");
        var post = (await app.PostAsync(ann, "ann", "regretted")).Value!;
        await app.PostAsync(ann, "ann", "kept");
        using var visitor = app.Visitor();

        await app.WithAsync<FingerPosts, Outcome<Done>>(p => p.RemoveAsync(ann, "ann", post.Id, CancellationToken.None));
        foreach (var door in new[] { "/~ann", "/~ann/atom.xml", "/~ann/feed.json", "/~ann/twtxt.txt" })
        {
            var text = await visitor.GetStringAsync(door);
            Assert.DoesNotContain("regretted", text, StringComparison.Ordinal);
            Assert.Contains("kept", text, StringComparison.Ordinal);
        }

        await app.SetAsync("ann", new FingerChanges(Hidden: true));
        foreach (var door in new[] { "/~ann", "/~ann/atom.xml", "/~ann/feed.json", "/~ann/twtxt.txt", "/.well-known/webfinger?resource=acct:ann@here.example" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await visitor.GetAsync(door)).StatusCode);
        }
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("?resource=", 400)]
    [InlineData("?resource=ann", 400)]
    [InlineData("?resource=acct:ann", 400)]
    [InlineData("?resource=acct:ann@here.example&resource=acct:ann@here.example", 400)]
    [InlineData("?resource=acct:nobody@here.example", 404)]
    [InlineData("?resource=acct:ann@elsewhere.example", 404)]
    [InlineData("?resource=https://here.example/", 404)]
    [InlineData("?resource=mailto:ann@here.example", 404)]
    [InlineData("?resource=acct%3Aann%40here.example", 200)]
    [InlineData("?resource=acct:ann@HERE.example", 200)]
    [InlineData("?resource=finger://here.example/ann", 200)]
    [InlineData("?resource=http://localhost/~ann", 200)]
    public async Task WebFinger_answers_as_RFC_7033_says(string query, int status)
    {
        using var app = new PanelApp(more: ("Finger:Host", "here.example"));
        await app.MemberAsync("ann");
        using var visitor = app.Visitor();

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var request = new HttpRequestMessage(method, $"/.well-known/webfinger{query}");
            using var answer = await visitor.SendAsync(request);
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Equal(status == 200 ? "application/jrd+json" : "text/plain", answer.Content.Headers.ContentType!.MediaType);
        }
    }

    [Fact]
    public async Task WebFinger_narrows_the_links_to_those_asked_for()
    {
        using var app = new PanelApp(more: ("Finger:Host", "here.example"));
        await app.MemberAsync("ann");
        using var visitor = app.Visitor();

        var one = JsonNode.Parse(await visitor.GetStringAsync("/.well-known/webfinger?resource=acct:ann@here.example&rel=self&rel=other"))!;

        Assert.Equal("acct:ann@here.example", one["subject"]!.GetValue<string>());
        Assert.Equal(["self"], one["links"]!.AsArray().Select(l => l!["rel"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("", "text")]
    [InlineData("bell\u0007", "text")]
    public async Task A_post_that_no_terminal_should_get_is_refused(string text, string field)
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");

        Assert.Equal(field, (await app.PostAsync(ann, "ann", text)).Refused?.Field);
        Assert.Equal("text", (await app.PostAsync(ann, "ann", new string('x', 501))).Refused?.Field);
        Assert.Null((await app.PostAsync(ann, "ann", new string('東', 500))).Refused);
        Assert.Equal("two lines", (await app.PostAsync(ann, "ann", "two\r\nlines\n")).Value!.Text);
    }

    [Fact]
    public async Task The_public_page_asks_the_store_once_and_not_for_every_visitor()
    {
        using var app = new PanelApp { Time = new ManualTime() };
        await app.MemberAsync("ann");
        var desk = (FingerDesk)app.Services.GetService(typeof(FingerDesk))!;

        var first = await desk.ShownAsync("ann", CancellationToken.None);

        Assert.Same(first!.Card, (await desk.ShownAsync("ann", CancellationToken.None))!.Card);
    }

    private static DateTime Utc(string text) => DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
}
