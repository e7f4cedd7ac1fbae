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
        hosts.MapGet("/{name}/drift", async (string name, Actor by, Drifts all, CancellationToken ct) => (await all.ListAsync(by, name, ct)).ToResult());
        hosts.MapPut("/{name}/pins/{handle}", async (string name, string handle, Actor by, Drifts all, CancellationToken ct) => (await all.PinAsync(by, name, handle, true, ct)).ToResult());
        hosts.MapDelete("/{name}/pins/{handle}", async (string name, string handle, Actor by, Drifts all, CancellationToken ct) => (await all.PinAsync(by, name, handle, false, ct)).ToResult());
        hosts.MapGet("/{name}/operations", async (string name, Actor by, Operations all, CancellationToken ct) => (await all.ListAsync(by, name, ct)).ToResult());
        hosts.MapGet("/{name}/operations/{id:long}", async (string name, long id, Actor by, Operations all, CancellationToken ct) => (await all.ShowAsync(by, name, id, ct)).ToResult());
        hosts.MapPut("/{name}/removals", async (string name, Actor by, Hosts all, CancellationToken ct) => (await all.ConfirmRemovalsAsync(by, name, ct)).ToResult());
    }
}

internal sealed record NewHost(string Name);
