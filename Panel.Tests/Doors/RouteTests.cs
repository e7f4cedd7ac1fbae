using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Tests.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Doors;

/// <summary>Who comes through which door: generated from the routes of the running program, so that a new route is in it
/// from its first day.</summary>
public sealed class RouteTests(RouteTests.House house) : IClassFixture<RouteTests.House>
{
    private static readonly string[] Known = [Policies.Member, Policies.Admin, Policies.Api, Policies.Agent];

    /// <summary>ann and bob, members who own things of the same names, and eve, an admin, in one house for all tests here.</summary>
    public sealed class House : IAsyncLifetime
    {
        public PanelApp App { get; } = new();

        public HttpClient Bob { get; private set; } = null!;

        public HttpClient Ann { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Ann = await App.SignInAsync("ann");
            Bob = await App.SignInAsync("bob");
        }

        public Task DisposeAsync()
        {
            Ann.Dispose();
            Bob.Dispose();
            App.Dispose();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void Every_route_names_its_policy_or_says_that_it_is_for_everybody()
    {
        var routes = HouseRoutes.Of(house.App);
        Assert.True(routes.Count > 40, "The walk found too few routes to be the whole house.");
        Assert.Empty(routes.Where(r => !r.Anonymous && !Known.Contains(r.Policy)).Select(r => $"{r} has no policy"));
        Assert.Empty(routes.Where(r => r.Anonymous && r.Policy is not null).Select(r => $"{r} has a policy and is open to everybody"));
    }

    [Fact]
    public void The_api_and_the_agent_have_policies_of_their_own() => Assert.All(HouseRoutes.Of(house.App).Where(r => !r.Anonymous), r =>
        Assert.Equal(
            r.Text.StartsWith("/api/", StringComparison.Ordinal) ? Policies.Api : r.Text.StartsWith("/agent/", StringComparison.Ordinal) ? Policies.Agent : r.Policy,
            r.Policy));

    [Fact]
    public async Task A_stranger_comes_through_no_door_that_has_a_policy()
    {
        using var stranger = house.App.Visitor();
        await EachAsync(r => !r.Anonymous, stranger, (route, answer) => route.Policy is Policies.Member or Policies.Admin
            ? answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location!.AbsolutePath == "/sign-in"
            : answer.StatusCode is HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_member_comes_through_no_door_of_admins_api_or_agent() =>
        await EachAsync(r => !r.Anonymous && r.Policy != Policies.Member, house.Bob, (route, answer) =>
            answer.StatusCode == (route.Policy == Policies.Admin ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized));

    [Fact]
    public async Task A_token_without_the_scope_comes_through_no_door()
    {
        using var client = house.App.Visitor();
        client.DefaultRequestHeaders.Authorization = new("Bearer", await ScopelessTokenAsync());
        await EachAsync(r => r.Policy == Policies.Api, client, (_, answer) => answer.StatusCode == HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_token_opens_no_page_and_no_agent_door()
    {
        using var client = await house.App.TokenClientAsync(Services.Actor.Member(1, "ann", false, Services.Door.Web));
        await EachAsync(r => r.Policy is Policies.Member or Policies.Admin or Policies.Agent, client, (_, answer) =>
            answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task The_operators_socket_opens_no_page_and_no_agent_door()
    {
        using var client = house.App.Operator();
        await EachAsync(r => r.Policy is Policies.Member or Policies.Admin or Policies.Agent, client, (_, answer) =>
            answer.StatusCode is HttpStatusCode.Redirect or HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData(1000u)]
    [InlineData(65534u)]
    [InlineData(null)]
    public async Task The_sockets_know_nobody_but_root(uint? uid)
    {
        foreach (var kind in Enum.GetValues<SocketKind>())
        {
            foreach (var route in HouseRoutes.Of(house.App).Where(r => r.Policy is Policies.Api or Policies.Agent))
            {
                // For agents of other machines the addresses of people and programs do not even exist.
                var expected = kind == SocketKind.Remote && route.Policy == Policies.Api ? StatusCodes.Status404NotFound : StatusCodes.Status401Unauthorized;
                Assert.Equal((route, expected), (route, await ThroughSocketAsync(route, new SocketPeer(kind, uid))));
            }
        }
    }

    [Theory]
    [InlineData(0u, true, true, true)]
    [InlineData(105u, false, true, false)] // The program's own uid: operator only where nobody but its user started it.
    [InlineData(105u, true, false, false)]
    [InlineData(1000u, false, false, false)]
    [InlineData(null, false, false, false)]
    public void The_programs_own_uid_is_the_operator_only_where_root_did_not_start_it(uint? uid, bool startedByRoot, bool operates, bool isAgent)
    {
        Assert.Equal(operates, new SocketPeer(SocketKind.Operator, uid).IsTrusted(startedByRoot, own: 105));
        Assert.Equal(isAgent, new SocketPeer(SocketKind.Agent, uid).IsTrusted(startedByRoot, own: 105));
    }

    [Fact]
    public async Task Root_on_the_agents_socket_speaks_to_the_agents_door_only()
    {
        foreach (var route in HouseRoutes.Of(house.App).Where(r => r.Policy is Policies.Api))
        {
            Assert.Equal((route, StatusCodes.Status403Forbidden), (route, await ThroughSocketAsync(route, new SocketPeer(SocketKind.Agent, 0))));
        }
    }

    private async Task<int> ThroughSocketAsync(HouseRoute route, SocketPeer peer)
    {
        var answer = await house.App.Server.SendAsync(context =>
        {
            context.Features.Set(peer);
            context.Request.Method = route.Method;
            context.Request.Path = route.Fill("ann");
            context.Request.ContentType = route.ContentType;
        });
        return answer.Response.StatusCode;
    }

    private async Task EachAsync(Func<HouseRoute, bool> which, HttpClient client, Func<HouseRoute, HttpResponseMessage, bool> right)
    {
        var wrong = new List<string>();
        var tried = HouseRoutes.Of(house.App).Where(which).ToList();
        foreach (var route in tried)
        {
            using var request = route.Request("ann");
            using var answer = await client.SendAsync(request);
            if (!right(route, answer))
            {
                wrong.Add($"{route} answered {(int)answer.StatusCode}");
            }
        }

        Assert.NotEmpty(tried);
        Assert.Equal("", string.Join('\n', wrong));
    }

    private async Task<string> ScopelessTokenAsync()
    {
        await using var scope = house.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var keys = scope.ServiceProvider.GetRequiredService<HouseKeys>();
        var token = ApiTokens.Prefix + Guid.NewGuid().ToString("N");
        db.Add(new ApiToken
        {
            MemberId = 1,
            Name = "scopeless",
            TokenHash = keys.Hash("api-token", token),
            Scopes = "nothing:read",
            CreatedAt = DateTime.UtcNow,
            ExpiresAt = DateTime.UtcNow.AddDays(1),
        });
        await db.SaveChangesAsync();
        return token;
    }
}
