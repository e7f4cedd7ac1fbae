using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Api;

internal static class MovesApi
{
    public static void MapMoves(this RouteGroupBuilder api)
    {
        var moves = api.MapGroup("/members/{handle}/moves").Scope("admin");
        moves.MapGet("/", async (string handle, Actor by, Moves all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        moves.MapPost("/", async (string handle, NewMove wanted, Actor by, Moves all, CancellationToken ct) =>
            (wanted.Wait ? await all.MoveAsync(by, handle, wanted.Host, ct) : await all.BeginAsync(by, handle, wanted.Host, ct)).ToCreated());
        moves.MapPost("/cancellation", async (string handle, Actor by, Moves all, CancellationToken ct) => (await all.CancelAsync(by, handle, ct)).ToResult());
        moves.MapGet("/{id:long}", async (string handle, long id, Actor by, Moves all, CancellationToken ct) => (await all.ShowAsync(by, handle, id, ct)).ToResult());
    }

    /// <param name="Wait">Answer when the account is at home on the new host, or the move has failed.</param>
    internal sealed record NewMove(string Host, bool Wait = false);
}
