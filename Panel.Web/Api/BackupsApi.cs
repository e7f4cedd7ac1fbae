using Panel.Services;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Web.Api;

internal static class BackupsApi
{
    public static void MapBackups(this RouteGroupBuilder api)
    {
        var backups = api.MapGroup("/members/{handle}/backups").Scope("sites");
        backups.MapGet("/", async (string handle, Actor by, Backups all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        backups.MapPost("/", async (string handle, Actor by, Backups all, CancellationToken ct) => (await all.MakeAsync(by, handle, ct)).ToCreated());
        backups.MapGet("/{id:long}/files", async (string handle, long id, string? find, Actor by, Backups all, CancellationToken ct) => (await all.FindAsync(by, handle, id, find, ct)).ToResult());
        backups.MapPost("/{id:long}/restores", async (string handle, long id, RestoreWish wish, Actor by, Backups all, CancellationToken ct) => (await all.RestoreAsync(by, handle, id, wish, ct)).ToResult());

        var export = api.MapGroup("/members/{handle}/export").Scope("account");
        export.MapGet("/", ExportAsync);
    }

    private static async Task<IResult> ExportAsync(string handle, Actor by, MemberExports all, CancellationToken ct) =>
        (await all.BeginAsync(by, handle, ct)).Refused is { } no ? ApiSetup.Refuse(no)
            : Results.Stream(to => all.WriteAsync(by, handle, to, ct), "application/gzip", $"{handle}.tar.gz");
}
