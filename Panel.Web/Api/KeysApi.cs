using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class KeysApi
{
    public static void MapKeys(this RouteGroupBuilder api)
    {
        var keys = api.MapGroup("/members/{handle}/keys").Scope("sites");
        keys.MapGet("/", async (string handle, Actor by, Keys all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        keys.MapPost("/", async (string handle, NewKey wanted, Actor by, Keys all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        keys.MapDelete("/{id:long}", async (string handle, long id, Actor by, Keys all, CancellationToken ct) => (await all.RemoveAsync(by, handle, id, ct)).ToResult());
    }
}
