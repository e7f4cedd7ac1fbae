using Panel.Services;
using Panel.Services.Members;

namespace Panel.Web.Api;

internal static class TokensApi
{
    public static void MapTokens(this RouteGroupBuilder api)
    {
        var tokens = api.MapGroup("/members/{handle}/tokens").Scope("account");
        tokens.MapGet("/", async (string handle, Actor by, ApiTokens all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        tokens.MapPost("/", async (string handle, NewToken wanted, Actor by, ApiTokens all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        tokens.MapDelete("/{id:long}", async (string handle, long id, Actor by, ApiTokens all, CancellationToken ct) => (await all.RevokeAsync(by, handle, id, ct)).ToResult());

        var sessions = api.MapGroup("/members/{handle}/sessions").Scope("account");
        sessions.MapGet("/", async (string handle, Actor by, Sessions all, CancellationToken ct) => (await all.ListAsync(by, handle, null, ct)).ToResult());
        sessions.MapDelete("/{id:long}", async (string handle, long id, Actor by, Sessions all, CancellationToken ct) => (await all.EndAsync(by, handle, id, ct)).ToResult());
    }
}
