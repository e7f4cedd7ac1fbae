using System.Net;
using System.Security.Claims;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Finger;

public partial class FingerPagesTests
{
    private const string Nobody = "There is nobody here by that name.\r\n";

    [Fact]
    public async Task Server_page_preview_and_API_give_the_same_bytes()
    {
        using var app = new PanelApp(more: ("Finger:Host", "here.example"));
        var ann = await app.MemberAsync("ann");
        await app.SetAsync("ann", new FingerChanges("Ann <b> & Zürich", Project: "a > b", Plan: "東京 & <script>alert(1)</script>\n\ttab\n"));
        var sent = await app.AskAsync("ann\r\n");
        using var browser = await BrowserAsync(app, ann);
        using var visitor = app.Visitor();
        using var api = await app.TokenClientAsync(ann, "finger:read");

        Assert.Equal(sent, Terminal(await visitor.GetStringAsync("/~ann")));
        Assert.Equal(sent, Terminal(await browser.GetStringAsync("/finger")));
        Assert.Equal(sent, await api.GetStringAsync("/api/v1/members/ann/finger/text"));
        Assert.Contains("On the web: http://localhost/~ann\r\n", await api.GetStringAsync("/api/v1/members/ann/finger/text?wide=true"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_public_page_runs_no_script_and_says_where_to_report_it()
    {
        using var app = new PanelApp();
        await app.MemberAsync("ann");
        await app.SetAsync("ann", new FingerChanges(Plan: "<script>alert(1)</script>"));

        var page = await app.Visitor().GetStringAsync("/~ann");

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("href=\"/~ann/report\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R9_the_public_page_of_hidden_suspended_and_unknown_is_the_same()
    {
        using var app = new PanelApp();
        await app.MemberAsync("hidden");
        await app.MemberAsync("suspended");
        await app.SetAsync("hidden", new FingerChanges(Hidden: true));
        await app.SuspendAsync("suspended");
        using var visitor = app.Visitor();

        var pages = new List<(HttpStatusCode, string)>();
        foreach (var handle in new[] { "unknown", "hidden", "suspended", "UPPER", "a%01b", "%2e%2e" })
        {
            using var page = await visitor.GetAsync($"/~{handle}");
            pages.Add((page.StatusCode, await page.Content.ReadAsStringAsync()));
        }

        Assert.Equal(HttpStatusCode.NotFound, pages[0].Item1);
        Assert.Single(pages.Distinct());
    }

    [Fact]
    public async Task A_plan_saved_on_the_page_is_what_finger_prints()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var browser = await BrowserAsync(app, ann);

        using var saved = await PostAsync(browser, "/finger/ann", ("Plan", "one\r\ntwo"), ("Name", "Ann"), ("Shows", "Plan"), ("Listed", "true"));

        Assert.Equal((HttpStatusCode.SeeOther, "/finger/ann"), (saved.StatusCode, saved.Headers.Location!.ToString()));
        Assert.Equal("Login: ann\r\nName: Ann\r\nPlan:\r\none\r\ntwo\r\n", await app.AskAsync("ann"));
        Assert.Equal("Login  Name\r\nann    Ann\r\n", await app.AskAsync(""));
        Assert.Contains("Take into the editor", await browser.GetStringAsync("/finger/ann/plans"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R16_a_refused_plan_is_kept_in_the_form_with_the_place_of_each_fault()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var browser = await BrowserAsync(app, ann);

        using var refused = await PostAsync(browser, "/finger/ann", ("Plan", "fine\r\n🐙 bad \u001b[2J <i>"), ("Name", "Ann"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var page = await refused.Content.ReadAsStringAsync();
        Assert.Contains("<title>Error: ", page, StringComparison.Ordinal);
        Assert.Contains("Line 2, column 7: <code>", page, StringComparison.Ordinal);
        Assert.Contains("bad <mark>^[ (U&#x2B;001B)</mark>[2J &lt;i&gt;</code>", page, StringComparison.Ordinal);
        Assert.Contains("bad &#x1B;[2J &lt;i&gt;</textarea>", page, StringComparison.Ordinal);
        Assert.Contains("No Plan.", await app.AskAsync("ann"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_changes_nothing_and_is_a_part_for_scripts_and_a_page_without()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var browser = await BrowserAsync(app, ann);

        using var whole = await PostAsync(browser, "/finger/ann/preview", ("Plan", "draft"), ("Name", "Ann"), ("Shows", "Plan"));
        browser.DefaultRequestHeaders.Add("HX-Request", "true");
        using var part = await PostAsync(browser, "/finger/ann/preview", ("Plan", "draft"), ("Name", "Ann"), ("Shows", "Plan"));

        Assert.Equal("Login: ann\r\nName: Ann\r\nPlan:\r\ndraft\r\n", Terminal(await whole.Content.ReadAsStringAsync()));
        Assert.StartsWith("<pre", (await part.Content.ReadAsStringAsync()).Trim(), StringComparison.Ordinal);
        Assert.Contains("HX-Request", part.Headers.Vary);
        Assert.Contains("No Plan.", await app.AskAsync("ann"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_who_save_at_once_see_each_others_text_before_one_replaces_it()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        using var browser = await BrowserAsync(app, ann);
        await app.SetAsync("ann", new FingerChanges(Plan: "theirs"));

        using var overtaken = await PostAsync(browser, "/finger/ann", ("Plan", "mine"), ("Name", "Ann"), ("Version", "0"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, overtaken.StatusCode);
        var page = await overtaken.Content.ReadAsStringAsync();
        Assert.Contains(">theirs</pre>", page, StringComparison.Ordinal);
        Assert.Contains("mine</textarea>", page, StringComparison.Ordinal);
        Assert.Contains("name=\"Version\" value=\"1\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_member_and_admins_reach_an_editor_and_only_admins_withhold()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        var root = await app.MemberAsync("boss", admin: true);
        using var browser = await BrowserAsync(app, ann);
        using var admin = await BrowserAsync(app, root);

        foreach (var path in new[] { "/finger/bob", "/finger/bob/plans", "/finger/nobody" })
        {
            using var page = await browser.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        }

        using var other = await PostAsync(browser, "/finger/bob", ("Plan", "ann was here"));
        using var preview = await PostAsync(browser, "/finger/bob/preview", ("Plan", "x"));
        using var own = await PostAsync(browser, "/finger/ann/withholding");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (other.StatusCode, preview.StatusCode));
        Assert.NotEqual(HttpStatusCode.SeeOther, own.StatusCode);
        Assert.NotEqual(Nobody, await app.AskAsync("ann"));
        using var withheld = await PostAsync(admin, "/finger/ann/withholding", ("reason", "spam"));
        Assert.Equal(Nobody, await app.AskAsync("ann"));
        using var back = await PostAsync(admin, "/finger/ann/withholding/end");
        Assert.NotEqual(Nobody, await app.AskAsync("ann"));
    }

    [Fact]
    public async Task The_API_wants_the_scope_and_the_owner()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        using var reader = await app.TokenClientAsync(ann, "finger:read");
        using var other = await app.TokenClientAsync(bob);
        using var nobody = app.Visitor();
        using var plan = new StringContent("{\"plan\":\"by API\",\"shows\":[\"plan\"]}", null, "application/json");
        using var writer = await app.TokenClientAsync(ann, "finger:write");

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PutAsync("/api/v1/members/ann/finger", plan)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync("/api/v1/members/ann/finger")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync("/api/v1/members/ann/finger/text")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync("/api/v1/members/ann/finger/plans")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.PutAsync("/api/v1/members/ann/finger", plan)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/api/v1/members/ann/finger")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await writer.PutAsync("/api/v1/members/ann/finger", plan)).StatusCode);
        Assert.Equal("Login: ann\r\nName: ann\r\nPlan:\r\nby API\r\n", await app.AskAsync("ann"));
    }

    private static string Terminal(string page) => WebUtility.HtmlDecode(Pre().Match(page).Groups[1].Value);

    private static async Task<HttpResponseMessage> PostAsync(HttpClient browser, string path, params (string Name, string Value)[] fields)
    {
        var page = await browser.GetStringAsync("/finger");
        var token = WebUtility.HtmlDecode(Token().Match(page).Groups[1].Value);
        using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", token)).Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
        return await browser.PostAsync(path, form);
    }

    /// <summary>A browser with a live session of the member.</summary>
    private static async Task<HttpClient> BrowserAsync(PanelApp app, Actor who)
    {
        var member = await app.WithAsync<PanelDb, Member>(db => db.Users.SingleAsync(m => m.Id == who.MemberId));
        var key = Guid.NewGuid().ToString("N");
        await app.WithAsync<Sessions, Done>(async sessions =>
        {
            await sessions.StartAsync(member, key, "test", "password", CancellationToken.None);
            return Done.It;
        });
        var cookies = app.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(IdentityConstants.ApplicationScheme);
        var identity = SignIn.Identity(member, IdentityConstants.ApplicationScheme, new Claim(SignIn.SessionClaim, key));
        var ticket = new AuthenticationTicket(
            new ClaimsPrincipal(identity),
            new AuthenticationProperties { IssuedUtc = DateTimeOffset.UtcNow, ExpiresUtc = DateTimeOffset.UtcNow.AddDays(1) },
            IdentityConstants.ApplicationScheme);
        var jar = new CookieContainer();
        jar.Add(new Uri("http://localhost"), new Cookie(cookies.Cookie.Name!, cookies.TicketDataFormat.Protect(ticket)));
        return app.CreateDefaultClient(new Uri("http://localhost"), new CookieContainerHandler(jar));
    }

    [GeneratedRegex("<pre class=\"term\"[^>]*>(.*?)</pre>", RegexOptions.Singleline)]
    private static partial Regex Pre();

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
