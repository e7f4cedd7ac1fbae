using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Doors;

/// <summary>Class 8, on every route of the running program: verbs, overridden methods, content types.</summary>
public sealed class RouteAttackTests(RouteTests.House house) : IClassFixture<RouteTests.House>
{
    private static readonly string[] Verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"];

    [Fact]
    public async Task Class_8_a_verb_that_a_route_does_not_have_is_refused()
    {
        using var ann = await ClientAsync();
        var routes = HouseRoutes.Of(house.App).Where(r => r.IsApi || r.Policy == Policies.Member).ToList();
        var known = routes.Select(r => (r.Method, r.Fill("ann"))).ToHashSet();
        foreach (var path in routes.Select(r => r.Fill("ann")).Distinct())
        {
            foreach (var verb in Verbs.Where(v => !known.Contains((v, path))))
            {
                using var answer = await ann.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path));
                Assert.True(answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.Unauthorized or HttpStatusCode.Redirect or HttpStatusCode.BadRequest || answer.StatusCode == HttpStatusCode.Forbidden
                    || (verb == "GET" && path.Count('/') < 5), $"{verb} {path}: {answer.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task Class_8_no_header_field_or_parameter_turns_a_question_into_a_change()
    {
        using var ann = await ClientAsync();
        var before = await ChangesAsync();
        foreach (var route in HouseRoutes.Of(house.App).Where(r => r.IsApi && r.Method != "GET" && r.Has("handle")))
        {
            foreach (var header in new[] { "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL" })
            {
                using var question = new HttpRequestMessage(HttpMethod.Get, $"{route.Fill("ann")}?_method={route.Method}&method={route.Method}");
                question.Headers.TryAddWithoutValidation(header, header.Contains("URL", StringComparison.Ordinal) ? route.Fill("ann") : route.Method);
                using var answer = await ann.SendAsync(question);
                Assert.True((int)answer.StatusCode < 500, $"{route}: {answer.StatusCode}");
            }
        }

        Assert.Equal(before, await ChangesAsync());
    }

    [Fact]
    public async Task Class_8_a_body_of_another_kind_changes_nothing_and_breaks_nothing()
    {
        using var ann = await ClientAsync();
        var before = await ChangesAsync();
        foreach (var route in HouseRoutes.Of(house.App).Where(r => r.IsApi && r.ContentType == "application/json" && r.Method is "POST" or "PUT" or "PATCH" && r.Has("handle")))
        {
            foreach (var (type, body) in new[] { ("text/plain", "{}"), ("application/x-www-form-urlencoded", "name=x&email=x@example.org"), ("multipart/form-data; boundary=x", "--x--"), ("application/xml", "<x/>"), ("application/json", "["), ("application/json", "\"x\"") })
            {
                using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Fill("ann")) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
                request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                using var answer = await ann.SendAsync(request);
                Assert.True((int)answer.StatusCode is >= 300 and < 500, $"{route} took {type}: {answer.StatusCode}");
            }
        }

        Assert.Equal(before, await ChangesAsync());
    }

    private Task<HttpClient> ClientAsync() => house.App.TokenClientAsync(Actor.Member(IdOf("ann"), "ann", false, Door.Web));

    private long IdOf(string handle)
    {
        using var scope = house.App.Services.CreateScope();
        return scope.ServiceProvider.GetRequiredService<PanelDb>().Users.Where(m => m.UserName == handle).Select(m => m.Id).Single();
    }

    /// <summary>Every change writes an entry.</summary>
    private async Task<int> ChangesAsync()
    {
        await using var scope = house.App.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<PanelDb>().Set<Services.Audit.AuditEntry>().CountAsync();
    }
}
