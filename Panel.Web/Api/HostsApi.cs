using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class HostsApi
{
    public static void MapHosts(this RouteGroupBuilder api)
    {
        var hosts = api.MapGroup("/hosts").Scope("admin");
        hosts.MapGet("/", async (Actor by, Hosts all, CancellationToken ct) => (await all.ListAsync(by, ct)).ToResult());
        hosts.MapPost("/", async (NewHost host, Actor by, HostInvitations all, CancellationToken ct) => (await all.InviteAsync(by, host.Name, ct)).ToResult());
        hosts.MapGet("/{name}", async (string name, Actor by, Hosts all, CancellationToken ct) => (await all.ShowAsync(by, name, ct)).ToResult());
        hosts.MapPost("/{name}/plans", async (string name, Actor by, HostWork work, CancellationToken ct) => (await work.PlanAsync(by, name, ct)).ToResult());
        hosts.MapPost("/{name}/passes", async (string name, Actor by, HostWork work, CancellationToken ct) => (await work.ConvergeAsync(by, name, ct)).ToResult());
        hosts.MapPut("/{name}/removals", async (string name, Actor by, Hosts all, CancellationToken ct) => (await all.ConfirmRemovalsAsync(by, name, ct)).ToResult());
    }
}

internal sealed record NewHost(string Name);
