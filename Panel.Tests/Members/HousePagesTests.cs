using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Tests.Members;

public sealed partial class HousePagesTests : IDisposable
{
    private readonly PanelApp app = new();

    public void Dispose() => app.Dispose();

    [Fact]
    public async Task An_admin_invites_suspends_resumes_and_removes_by_forms()
    {
        using var eve = await app.SignInAsync("eve", admin: true);
        using var added = await eve.SendFormAsync("/members/new", "/members", ("Handle", "ann"), ("Email", "ann@example.org"), ("Name", "Ann"));
        Assert.Equal("/members/ann", added.Headers.Location!.OriginalString);
        var link = Link().Match(await eve.GetStringAsync("/members/ann")).Groups[1].Value;
        using var ann = app.Visitor();
        using var joined = await ann.SendFormAsync(link, ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);

        Assert.Equal("suspended", await ActAsync(eve, "suspension"));
        using var home = await ann.GetAsync("/");
        Assert.Equal(HttpStatusCode.Redirect, home.StatusCode);
        Assert.Equal("active", await ActAsync(eve, "resumption"));
        Assert.Equal("removed", await ActAsync(eve, "removal"));
        Assert.DoesNotContain("<form method=\"post\" action=\"/members", await eve.GetStringAsync("/members/ann"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_invitation_shows_the_form_again_with_what_was_typed()
    {
        using var eve = await app.SignInAsync("eve", admin: true);

        using var refused = await eve.SendFormAsync("/members/new", "/members", ("Handle", "root"), ("Email", "ann@example.org"));

        var page = await refused.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("reserved", page, StringComparison.Ordinal);
        Assert.Contains("ann@example.org", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_are_added_changed_given_and_removed()
    {
        using var eve = await app.SignInAsync("eve", admin: true);
        await app.MemberAsync("ann");
        (string, string)[] limits = [("DiskBytes", "5000"), ("Sites", "1"), ("Databases", "2"), ("Domains", "3"), ("Lists", "4"), ("Mails", "5")];

        using var added = await eve.SendFormAsync("/packages/new", "/packages", [("Name", "large"), .. limits]);
        using var changed = await eve.SendFormAsync("/packages/large", [.. limits[1..], ("DiskBytes", "6000")]);
        using var given = await eve.SendFormAsync("/members/ann", "/members/ann/package", ("package", "large"));
        using var kept = await eve.SendFormAsync("/packages/new", "/packages/large/removal");

        Assert.All([added, changed, given, kept], a => Assert.Equal(HttpStatusCode.SeeOther, a.StatusCode));
        var page = await app.WithAsync<Packages, Outcome<PackagePage>>(p => p.ShowAsync(PanelApp.Admin, "large", CancellationToken.None));
        Assert.Equal(new PackagePage("large", 6000L << 20, 1, 2, 3, 4, 5, 1), page.Value);
    }

    [Fact]
    public async Task The_same_packages_by_the_api()
    {
        using var client = app.Operator();
        var wanted = new PackageLimits("small", 100_000_000, 1, 0, 1, 0, 0);

        using var added = await client.PostAsJsonAsync("/api/v1/packages", wanted);
        using var twice = await client.PostAsJsonAsync("/api/v1/packages", wanted);
        using var tiny = await client.PutAsJsonAsync("/api/v1/packages/small", wanted with { DiskBytes = 5 });
        using var removed = await client.DeleteAsync("/api/v1/packages/small");
        using var standard = await client.DeleteAsync("/api/v1/packages/standard");

        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity, HttpStatusCode.NoContent, HttpStatusCode.Conflict],
            new[] { added, twice, tiny, removed, standard }.Select(a => a.StatusCode));
    }

    [Fact]
    public async Task Everybody_reads_their_own_audit_and_an_admin_everybodys()
    {
        using var eve = await app.SignInAsync("eve", admin: true);
        using var ann = await app.SignInAsync("ann");

        Assert.Contains("operator(uid 0)", await ann.GetStringAsync("/audit"), StringComparison.Ordinal);
        using var others = await ann.GetAsync("/audit?member=eve");
        Assert.Equal(HttpStatusCode.NotFound, others.StatusCode);
        Assert.Contains("ann@example.org", await eve.GetStringAsync("/audit"), StringComparison.Ordinal);
        Assert.DoesNotContain("ann@example.org", await eve.GetStringAsync("/account/audit"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_audit_is_read_page_by_page_without_gap()
    {
        using var eve = await app.SignInAsync("eve", admin: true);
        for (var i = 0; i < 55; i++)
        {
            await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ChangePackageAsync(PanelApp.Admin, "eve", "standard", CancellationToken.None));
            await app.MemberAsync($"m{i:00}");
            await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, $"m{i:00}", CancellationToken.None));
        }

        var (seen, path) = (0, "/audit");
        while (path is not null)
        {
            var page = await eve.GetStringAsync(path);
            seen += Row().Count(page);
            path = Older().Match(page) is { Success: true } older ? WebUtility.HtmlDecode(older.Groups[1].Value) : null;
        }

        Assert.Equal(3 + (2 * 55), seen);
    }

    private async Task<string> ActAsync(HttpClient eve, string act)
    {
        using var done = await eve.SendFormAsync("/members/ann", $"/members/ann/{act}");
        Assert.Equal(HttpStatusCode.SeeOther, done.StatusCode);
        return (await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ShowAsync(PanelApp.Admin, "ann", CancellationToken.None))).Value!.State;
    }

    [GeneratedRegex("http://localhost(/welcome/[A-Za-z0-9_-]+)")]
    private static partial Regex Link();

    [GeneratedRegex("<th scope=\"row\">")]
    private static partial Regex Row();

    [GeneratedRegex("rel=\"next\" href=\"([^\"]+)\"")]
    private static partial Regex Older();
}
