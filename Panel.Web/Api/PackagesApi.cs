using Panel.Services;
using Panel.Services.Members;

namespace Panel.Web.Api;

internal static class PackagesApi
{
    public static void MapPackages(this RouteGroupBuilder api)
    {
        var packages = api.MapGroup("/packages").Scope("account");
        packages.MapGet("/", async (Actor by, Packages all, CancellationToken ct) => TypedResults.Ok(await all.ListAsync(by, ct)));
        packages.MapPost("/", async (PackageLimits wanted, Actor by, Packages all, CancellationToken ct) => (await all.AddAsync(by, wanted, ct)).ToCreated());
        packages.MapGet("/{name}", async (string name, Actor by, Packages all, CancellationToken ct) => (await all.ShowAsync(by, name, ct)).ToResult());
        packages.MapPut("/{name}", async (string name, PackageLimits wanted, Actor by, Packages all, CancellationToken ct) =>
            (await all.ChangeAsync(by, name, wanted, ct)).ToResult());
        packages.MapDelete("/{name}", async (string name, Actor by, Packages all, CancellationToken ct) => (await all.RemoveAsync(by, name, ct)).ToResult());
    }
}
