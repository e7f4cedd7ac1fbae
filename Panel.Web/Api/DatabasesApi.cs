using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class DatabasesApi
{
    public static void MapDatabases(this RouteGroupBuilder api)
    {
        var databases = api.MapGroup("/members/{handle}/databases").Scope("sites");
        databases.MapGet("/", async (string handle, Actor by, Databases all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        databases.MapPost("/", async (string handle, NewDatabase wanted, Actor by, Databases all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        databases.MapGet("/{name}", async (string handle, string name, Actor by, Databases all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, ct)).ToResult());
        databases.MapPost("/{name}/password", async (string handle, string name, Actor by, Databases all, CancellationToken ct) => (await all.ResetAsync(by, handle, name, ct)).ToCreated());
        databases.MapDelete("/{name}", async (string handle, string name, Actor by, Databases all, CancellationToken ct) => (await all.RemoveAsync(by, handle, name, ct)).ToResult());
    }
}
