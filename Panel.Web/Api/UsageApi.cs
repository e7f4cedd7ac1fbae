using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class UsageApi
{
    public static void MapUsage(this RouteGroupBuilder api)
    {
        var usage = api.MapGroup("/usage").Scope("sites");
        usage.MapGet("/", async (Actor by, Usage all, CancellationToken ct) => (await all.ListAsync(by, ct)).ToResult());
        usage.MapGet("/{handle}", async (string handle, Actor by, Usage all, CancellationToken ct) => (await all.ShowAsync(by, handle, ct)).ToResult());
    }
}
