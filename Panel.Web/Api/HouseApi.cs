using System.Text;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class HouseApi
{
    public static void MapHouse(this RouteGroupBuilder api)
    {
        var house = api.MapGroup("/house").Scope("admin");
        house.MapGet("/copies", (Actor by, HouseCopies all) => all.List(by).ToResult());
        house.MapPost("/copies", async (Actor by, HouseCopies all, CancellationToken ct) => (await all.MakeAsync(by, ct)).ToCreated());
        house.MapGet("/backup-key", async (Actor by, BackupKeys keys, CancellationToken ct) =>
            (await keys.DownloadAsync(by, ct)) is { Value: { } text } ? Results.File(Encoding.UTF8.GetBytes(text), "text/plain", "panel-backup-key.txt") : ApiSetup.Refuse(new NotAllowed("Only an admin has the key of the backups.")));
    }
}
