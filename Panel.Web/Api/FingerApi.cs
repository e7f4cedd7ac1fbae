using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Homes;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Reports;

namespace Panel.Web.Api;

internal static class FingerApi
{
    public static void MapFinger(this RouteGroupBuilder api)
    {
        var finger = api.MapGroup("/members/{handle}/finger").Scope("finger");
        finger.MapGet("/", async (string handle, Actor by, FingerAccounts accounts, CancellationToken ct) => (await accounts.ShowAsync(by, handle, ct)).ToResult());
        finger.MapPut("/", async (string handle, FingerChanges wanted, Actor by, FingerAccounts accounts, CancellationToken ct) =>
            (await accounts.SetAsync(by, handle, wanted, ct)).ToResult());
        finger.MapGet("/plans", async (string handle, Actor by, FingerAccounts accounts, CancellationToken ct) => (await accounts.PlansAsync(by, handle, ct)).ToResult());

        MapPosts(api);
        MapFollowing(api);
        MapReports(api);
        api.MapGroup("/finger/counters").Scope("finger").MapGet("/", (Actor by, FingerCounters counters) => counters.Show(by).ToResult());

        finger.MapGet("/home", async (string handle, Actor by, Homes homes, CancellationToken ct) => (await homes.ListAsync(by, handle, ct)).ToResult());
        finger.MapPut("/home/{file}", async (string handle, string file, HomeChoice choice, Actor by, Homes homes, CancellationToken ct) =>
            (await homes.SetAsync(by, handle, file, choice.Keep == HomeSide.File, ct)).ToResult());

        // The bytes as the server sends them: CRLF, and nothing re-encoded on the way.
        finger.MapGet("/text", async (string handle, bool? wide, Actor by, FingerAccounts accounts, CancellationToken ct) =>
            await accounts.TextAsync(by, handle, wide ?? false, ct) is var text && text.Refused is { } no
                ? ApiSetup.Refuse(no)
                : Results.Bytes(text.Value, "text/plain; charset=utf-8"));
    }

    private static void MapReports(RouteGroupBuilder api)
    {
        var reports = api.MapGroup("/finger/reports").Scope("finger");
        reports.MapGet("/", async (Actor by, FingerReports all, CancellationToken ct) => (await all.ListAsync(by, ct)).ToResult());
        reports.MapPut("/{id:long}", async (long id, ReportAnswer wanted, Actor by, FingerReports all, CancellationToken ct) => (await all.AnswerAsync(by, id, wanted, ct)).ToResult());
    }

    private static void MapPosts(RouteGroupBuilder api)
    {
        var posts = api.MapGroup("/members/{handle}/posts").Scope("finger");
        posts.MapGet("/", async (string handle, long? before, Actor by, FingerPosts all, CancellationToken ct) => (await all.ListAsync(by, handle, before, ct)).ToResult());
        posts.MapPost("/", async (string handle, NewPost wanted, Actor by, FingerPosts all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        posts.MapDelete("/{id:long}", async (string handle, long id, Actor by, FingerPosts all, CancellationToken ct) => (await all.RemoveAsync(by, handle, id, ct)).ToResult());
    }

    private static void MapFollowing(RouteGroupBuilder api)
    {
        var following = api.MapGroup("/members/{handle}/following").Scope("finger");
        following.MapGet("/", async (string handle, Actor by, Follows all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        following.MapPost("/", async (string handle, NewFollow wanted, Actor by, Follows all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        following.MapDelete("/{address}", async (string handle, string address, Actor by, Follows all, CancellationToken ct) => (await all.RemoveAsync(by, handle, address, ct)).ToResult());

        var notices = api.MapGroup("/members/{handle}/notices").Scope("finger");
        notices.MapGet("/", async (string handle, Actor by, Notices all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        notices.MapPut("/seen", async (string handle, Actor by, Notices all, CancellationToken ct) => (await all.SeeAsync(by, handle, ct)).ToResult());

        var timeline = api.MapGroup("/").Scope("finger");
        timeline.MapGet("/members/{handle}/timeline", async (string handle, DateTime? before, string? tag, string? q, Actor by, Timelines all, CancellationToken ct) =>
            (await all.OwnAsync(by, handle, new TimelineQuery(before?.ToUniversalTime(), tag, q), ct)).ToResult());
        timeline.MapGet("/timeline", async (DateTime? before, string? tag, string? q, Actor by, Timelines all, CancellationToken ct) =>
            (await all.HouseAsync(by, new TimelineQuery(before?.ToUniversalTime(), tag, q), ct)).ToResult());
    }
}
