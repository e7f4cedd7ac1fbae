using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class TasksApi
{
    public static void MapTasks(this RouteGroupBuilder api)
    {
        var tasks = api.MapGroup("/members/{handle}/tasks").Scope("sites");
        tasks.MapGet("/", async (string handle, Actor by, Tasks all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        tasks.MapPost("/", async (string handle, NewTask wanted, Actor by, Tasks all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        tasks.MapGet("/{name}", async (string handle, string name, Actor by, Tasks all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, ct)).ToResult());
        tasks.MapPost("/{name}/runs", async (string handle, string name, Actor by, Tasks all, CancellationToken ct) => (await all.SetOffAsync(by, handle, name, ct)).ToResult());
        tasks.MapDelete("/{name}", async (string handle, string name, Actor by, Tasks all, CancellationToken ct) => (await all.RemoveAsync(by, handle, name, ct)).ToResult());
    }
}
