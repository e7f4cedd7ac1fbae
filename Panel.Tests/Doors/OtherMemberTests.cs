using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Tests.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Doors;

/// <summary>What belongs to ann is not there for bob: every route with a name in it, tried with her real names, answers him
/// as if nothing lived there.</summary>
public sealed partial class OtherMemberTests : IDisposable
{
    private readonly PanelApp app = new();

    public void Dispose() => app.Dispose();

    [Fact]
    public async Task Over_the_api_nothing_of_another_member_is_there()
    {
        using var ann = await app.SignInAsync("ann");
        using var bob = await app.SignInAsync("bob");
        using var hers = await FurnishAsync(1, "ann");
        using var his = await app.TokenClientAsync(Actor.Member(2, "bob", false, Door.Web));
        var routes = HouseRoutes.Of(app).Where(r => r.IsApi && r.Has("handle")).ToList();

        var (wrong, seen) = (new List<string>(), 0);
        foreach (var route in routes)
        {
            var (other, nobody) = (await StatusAsync(his, route, "ann"), await StatusAsync(his, route, "nobody-here"));
            var allowed = route.Method is "GET" or "DELETE" ? other is HttpStatusCode.NotFound or HttpStatusCode.Forbidden : (int)other is >= 400 and < 500;
            if (!allowed || other != nobody)
            {
                wrong.Add($"{route} answered {(int)other}, and {(int)nobody} for nobody");
            }

            seen += route.Method == "GET" && await StatusAsync(hers, route, "ann") == HttpStatusCode.OK ? 1 : 0;
        }

        Assert.Equal("", string.Join('\n', wrong));
        Assert.True(seen >= 8, $"Ann herself reached only {seen} of her own things, so the test proves too little.");
    }

    [Fact]
    public async Task On_pages_nothing_of_another_member_is_there()
    {
        using var ann = await app.SignInAsync("ann");
        using var bob = await app.SignInAsync("bob");
        using var hers = await FurnishAsync(1, "ann");
        var token = Token().Match(await bob.GetStringAsync("/account")).Groups[1].Value;
        bob.DefaultRequestHeaders.Add("RequestVerificationToken", token);

        var wrong = new List<string>();
        var tried = HouseRoutes.Of(app).Where(r => !r.Anonymous && r.Policy is Policies.Member or Policies.Admin && r.Pattern.Names.Count > 0).ToList();
        foreach (var route in tried)
        {
            var answer = await StatusAsync(bob, route, "ann");
            var asked = route.Method != "GET" && answer == HttpStatusCode.UnprocessableEntity; // The form was looked at before anything was looked up.
            if (!asked && answer is not (HttpStatusCode.NotFound or HttpStatusCode.Forbidden))
            {
                wrong.Add($"{route} answered {(int)answer}");
            }
        }

        Assert.NotEmpty(tried);
        Assert.Equal("", string.Join('\n', wrong));
    }

    /// <summary>Gives the member one of each thing, and returns a client that may do everything for them.</summary>
    private async Task<HttpClient> FurnishAsync(long id, string handle)
    {
        var client = await app.TokenClientAsync(Actor.Member(id, handle, false, Door.Web));
        using var root = app.Operator();
        var made = new[]
        {
            await root.PostAsJsonAsync($"/api/v1/members/{handle}/sites", new { name = "web", kind = "static" }),
            await root.PostAsJsonAsync($"/api/v1/members/{handle}/lists", new { name = "web", title = "Letters", from = $"Ann <{handle}@example.org>" }),
        };
        foreach (var answer in made)
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            answer.Dispose();
        }

        return client;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HouseRoute route, string handle)
    {
        using var request = route.Request(handle);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        // A live part that is not there ends at once instead of failing, or the browser would ask for it for ever.
        return answer.Content.Headers.ContentType?.MediaType == "text/event-stream" && !(await answer.Content.ReadAsStringAsync()).Contains('<', StringComparison.Ordinal)
            ? HttpStatusCode.NotFound
            : answer.StatusCode;
    }

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
