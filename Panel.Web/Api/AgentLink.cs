using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Panel.Hosting;
using Panel.Services;
using Panel.Services.Finger.Homes;
using Panel.Services.Hosting;
using Panel.Web.Doors;

namespace Panel.Web.Api;

/// <summary>What host agents call: the local one by its own socket, others by the TLS listener for agents. Which host one speaks
/// for comes from the door, never from what it says.</summary>
internal static class AgentLink
{
    public static void MapAgentLink(this WebApplication app)
    {
        var agent = app.MapGroup("/agent/v1").RequireAuthorization(Policies.Agent).ExcludeFromDescription();
        agent.MapGet("/accounts", AccountsAsync);
        agent.MapPut("/archives/{id:long}", async (long id, HttpContext context, HostInvitations hosts, HostArchives archives, CancellationToken ct) =>
            (await archives.TakeAsync(await HostOfAsync(context, hosts, ct), id, context.Request.Body, ct)).ToResult()).WithMetadata(new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute());
        agent.MapPut("/transfers/{id:long}/{part}", async (long id, string part, HttpContext context, HostInvitations hosts, MoveRelay relay, CancellationToken ct) =>
            (await relay.GiveAsync(await HostOfAsync(context, hosts, ct), id, part, Unhurried(context).Request.Body, ct)).ToResult()).WithMetadata(new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute());
        agent.MapGet("/transfers/{id:long}/{part}", async (long id, string part, HttpContext context, HostInvitations hosts, MoveRelay relay, CancellationToken ct) =>
            await relay.TakeAsync(await HostOfAsync(context, hosts, ct), id, part, () => Unhurried(context).Response.Body, ct) is { Refused: { } no } ? ApiSetup.Refuse(no) : Results.Empty);
        agent.MapPost("/reports", async (HttpContext context, HostInvitations hosts, AgentReports reports, Homes homes, CancellationToken ct) =>
            await AgentWire.ReadReportAsync(context.Request.Body, ct) is { } report
                ? (await StoreAsync(await HostOfAsync(context, hosts, ct), report, reports, homes, ct)).ToResult()
                : Results.Problem("This is not a whole report.", statusCode: StatusCodes.Status400BadRequest));
        app.MapPost("/agent/v1/joins", JoinAsync).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>A dump of a large database says nothing for a while, and the disk of the other host may be slow.</summary>
    private static HttpContext Unhurried(HttpContext context)
    {
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request)
        {
            request.MinDataRate = null;
        }

        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } response)
        {
            response.MinDataRate = null;
        }

        return context;
    }

    private static async Task<Outcome<Done>> StoreAsync(long host, HostReport report, AgentReports reports, Homes homes, CancellationToken ct) =>
        await reports.StoreAsync(host, report, ct) is { Refused: { } no } ? no : await homes.TakeAsync(host, report.Homes ?? [], ct);

    private static async Task JoinAsync(HttpContext context, HostInvitations hosts, CancellationToken ct)
    {
        if (context.Features.Get<SocketPeer>() is not { Kind: SocketKind.Remote })
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (await AgentWire.ReadJoinAsync(context.Request.Body, ct) is not { } asked)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var joined = await hosts.JoinAsync(asked.Code, ct);
        if (joined.Refused is not null)
        {
            await joined.ToResult().ExecuteAsync(context);
            return;
        }

        context.Response.ContentType = "application/json";
        await AgentWire.WriteAsync(context.Response.Body, joined.Value!, ct);
    }

    private static async Task<long> HostOfAsync(HttpContext context, HostInvitations hosts, CancellationToken ct) =>
        context.User.FindFirst(DoorAuthentication.HostClaim) is { } host ? long.Parse(host.Value, CultureInfo.InvariantCulture) : await hosts.LocalAsync(ct);

    private static async Task AccountsAsync(
        HttpContext context, HostInvitations hosts, DesiredAccounts accounts, IHostApplicationLifetime life, long after = 0, string epoch = "", int wait = 0)
    {
        // A waiting agent must not keep a stopping program from its end.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        try
        {
            var answer = await accounts.AskAsync(await HostOfAsync(context, hosts, over.Token), epoch, after, TimeSpan.FromSeconds(wait), over.Token);
            context.Response.ContentType = "application/json";
            await AgentWire.WriteAsync(context.Response.Body, answer, over.Token);
        }
        catch (OperationCanceledException) when (life.ApplicationStopping.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
