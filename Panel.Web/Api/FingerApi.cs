using Panel.Services;
using Panel.Services.Finger;

namespace Panel.Web.Api;

internal static class FingerApi
{
    public static void MapFinger(this RouteGroupBuilder api)
    {
        var finger = api.MapGroup("/members/{handle}/finger").Scope("finger");
        finger.MapGet("/", async (string handle, Actor by, FingerAccounts accounts, CancellationToken ct) => (await accounts.ShowAsync(by, handle, ct)).ToResult());
        finger.MapPut("/", async (string handle, FingerChanges wanted, Actor by, FingerAccounts accounts, CancellationToken ct) =>
            (await accounts.SetAsync(by, handle, wanted, ct)).ToResult());
        finger.MapGet("/plans", async (string handle, Actor by, FingerAccounts accounts, CancellationToken ct) => (await accounts.PlansAsync(by, handle, ct)).ToResult());

        // The bytes as the server sends them: CRLF, and nothing re-encoded on the way.
        finger.MapGet("/text", async (string handle, bool? wide, Actor by, FingerAccounts accounts, CancellationToken ct) =>
            await accounts.TextAsync(by, handle, wide ?? false, ct) is var text && text.Refused is { } no
                ? ApiSetup.Refuse(no)
                : Results.Bytes(text.Value, "text/plain; charset=utf-8"));
    }
}
