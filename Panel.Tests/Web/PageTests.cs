using System.Net;
using System.Text.RegularExpressions;

namespace Panel.Tests.Web;

public sealed partial class PageTests : IDisposable
{
    private readonly PanelApp app = new();

    [Fact]
    public async Task Every_asset_address_of_a_page_is_hashed_and_answers()
    {
        using var visitor = app.Visitor();
        using var lost = await visitor.GetAsync("/no/such/page");
        var page = await lost.Content.ReadAsStringAsync();
        var assets = Asset().Matches(page).Select(m => m.Groups["path"].Value).Distinct().ToList();
        Assert.Contains(assets, a => a.Contains(".css", StringComparison.Ordinal));
        foreach (var asset in assets)
        {
            Assert.Matches(Hashed(), asset);
            using var answer = await visitor.GetAsync(asset);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Theory]
    [InlineData("/no/such/page", HttpStatusCode.NotFound)]
    [InlineData("/problem/500", HttpStatusCode.InternalServerError)]
    [InlineData("/denied", HttpStatusCode.Forbidden)]
    public async Task A_page_that_is_not_there_answers_kindly(string path, HttpStatusCode status)
    {
        using var visitor = app.Visitor();
        using var answer = await visitor.GetAsync(path);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Single(Heading().Matches(page));
        Assert.DoesNotContain("Exception", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_answers_problems_in_its_own_form()
    {
        using var visitor = app.Visitor();
        using var answer = await visitor.GetAsync("/api/v1/no-such-thing");
        Assert.NotEqual("text/html", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Home_sends_a_stranger_to_sign_in()
    {
        using var visitor = app.Visitor();
        using var answer = await visitor.GetAsync("/");
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.StartsWith("/sign-in", answer.Headers.Location!.PathAndQuery, StringComparison.Ordinal);
    }

    public void Dispose() => app.Dispose();

    [GeneratedRegex("(?:src|href)=\"(?<path>/[^\"#]*\\.(?:css|js|svg))[\"#]")]
    private static partial Regex Asset();

    [GeneratedRegex("\\.[a-z0-9]{8,}\\.(css|js|svg)$")]
    private static partial Regex Hashed();

    [GeneratedRegex("<h1")]
    private static partial Regex Heading();
}
