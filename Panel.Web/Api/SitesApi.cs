using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class SitesApi
{
    public static void MapSites(this RouteGroupBuilder api)
    {
        var sites = api.MapGroup("/members/{handle}/sites").Scope("sites");
        sites.MapGet("/", async (string handle, Actor by, Sites all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        sites.MapPost("/", async (string handle, NewSite wanted, Actor by, Sites all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        sites.MapGet("/{name}", async (string handle, string name, Actor by, Sites all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, ct)).ToResult());
        sites.MapDelete("/{name}", async (string handle, string name, Actor by, Sites all, CancellationToken ct) => (await all.RemoveAsync(by, handle, name, ct)).ToResult());

        sites.MapPatch("/{name}", async (string handle, string name, SiteChange change, Actor by, SiteSettings all, CancellationToken ct) => (await all.ChangeAsync(by, handle, name, change, ct)).ToResult());
        sites.MapPost("/{name}/log", async (string handle, string name, Actor by, SiteSettings all, CancellationToken ct) => (await all.LogAsync(by, handle, name, ct)).ToResult());
        sites.MapGet("/{name}/traffic", async (string handle, string name, DateTimeOffset? from, DateTimeOffset? to, Actor by, Traffic all, CancellationToken ct) =>
            (await all.ShowAsync(by, handle, name, from, to, ct)).ToResult());

        var domains = api.MapGroup("/members/{handle}/domains").Scope("sites");
        domains.MapGet("/", async (string handle, Actor by, Domains all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        domains.MapPost("/", async (string handle, NewDomain wanted, Actor by, Domains all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        domains.MapGet("/{name}", async (string handle, string name, Actor by, Domains all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, ct)).ToResult());
        domains.MapPost("/{name}/checks", async (string handle, string name, Actor by, DomainChecks checks, CancellationToken ct) => (await checks.CheckAsync(by, handle, name, ct)).ToResult());
        domains.MapDelete("/{name}", async (string handle, string name, Actor by, Domains all, CancellationToken ct) => (await all.RemoveAsync(by, handle, name, ct)).ToResult());
        domains.MapPut("/{name}/approval", async (string handle, string name, Actor by, Domains all, CancellationToken ct) => (await all.ApproveAsync(by, handle, name, ct)).ToResult());
    }
}
