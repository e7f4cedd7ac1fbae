using Panel.Services;
using Panel.Services.Audit;

namespace Panel.Web.Api;

internal static class AuditApi
{
    public static void MapAudit(this RouteGroupBuilder api)
    {
        var audit = api.MapGroup("/audit").Scope("account");
        audit.MapGet("/", async (string? member, long? before, Actor by, AuditTrail trail, CancellationToken ct) => (await trail.ListAsync(by, member, before, ct)).ToResult());
        audit.MapGet("/verdict", async (Actor by, AuditTrail trail, CancellationToken ct) => (await trail.VerifyAsync(by, ct)).ToResult());
    }
}
