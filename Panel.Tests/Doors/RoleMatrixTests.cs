using System.Net;
using Panel.Services;
using Panel.Tests.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Doors;

/// <summary>Who may come in where, as a matrix generated from the running program: each role at each route. "In" is an answer of what
/// lies behind the door, be it that there is no such thing; "out" is the sign-in page, 401 or 403.</summary>
public sealed class RoleMatrixTests : IDisposable
{
    private readonly PanelApp app = new();

    public void Dispose() => app.Dispose();

    [Fact]
    public async Task V6_each_role_comes_in_at_exactly_the_routes_of_its_policy()
    {
        using var stranger = app.Visitor();
        using var member = await app.SignInAsync("ann");
        using var admin = await SignInAdminAsync();
        using var reading = await app.TokenClientAsync(Actor.Member(1, "ann", false, Door.Web), [.. Services.Members.ApiTokens.Known.Where(s => s.EndsWith(":read", StringComparison.Ordinal))]);
        using var operating = app.Operator();
        // The page that says no says so by its status. What ends the sessions or the house of these tests, and streams, are behind the same doors as their neighbours.
        var routes = HouseRoutes.Of(app).Where(r => !r.Text.Contains("sign-out", StringComparison.Ordinal) && r.Text != "/denied" && !r.Text.EndsWith("/events", StringComparison.Ordinal) && r.Policy != Policies.Agent).ToList();

        var wrong = new List<string>();
        foreach (var route in routes)
        {
            var page = route.Policy is Policies.Member or Policies.Admin;
            foreach (var (role, client, expected) in new (string, HttpClient, bool)[]
            {
                ("stranger", stranger, route.Anonymous),
                ("member", member, route.Anonymous || route.Policy == Policies.Member),
                ("admin", admin, route.Anonymous || page),
                ("operator", operating, route.Anonymous || route.Policy == Policies.Api),
            })
            {
                // Behind the door of the API things happen, also to a POST of nothing: the operator only looks.
                if (role == "operator" && route.Method != "GET")
                {
                    continue;
                }

                var status = await StatusAsync(client, route);
                // How often one address may try is asked before who it is.
                if (status != HttpStatusCode.TooManyRequests && IsIn(status, route) != expected)
                {
                    wrong.Add($"{role} at {route}: {(int)status}");
                }
            }

            if (route.Policy == Policies.Api && route.Method != "GET" && await StatusAsync(reading, route) != HttpStatusCode.Forbidden)
            {
                wrong.Add($"a token that only reads at {route}");
            }
        }

        Assert.True(routes.Count > 200, $"The walk found {routes.Count} routes, too few to be the whole house.");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static bool IsIn(HttpStatusCode status, HouseRoute route) =>
        status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) && (route.Anonymous || status != HttpStatusCode.Redirect);

    // The sign-in page is where a browser that is out is led; pages that lead on by themselves answer 303 or another address.
    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HouseRoute route)
    {
        using var request = route.Request("nobody-here");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location is { } to && !(to.IsAbsoluteUri ? to.AbsolutePath : to.OriginalString).StartsWith("/sign-in", StringComparison.Ordinal)
            ? HttpStatusCode.SeeOther
            : answer.StatusCode;
    }

    private async Task<HttpClient> SignInAdminAsync()
    {
        var client = app.Visitor();
        using var joined = await client.SendFormAsync(await app.InviteAsync("eve", admin: true), ("Name", "eve"), ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
        return client;
    }
}
