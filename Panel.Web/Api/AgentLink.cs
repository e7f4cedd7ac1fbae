using Panel.Services.Hosting;
using Panel.Web.Doors;

namespace Panel.Web.Api;

/// <summary>What the host agent calls. On the agent's own socket and nowhere else: elsewhere these addresses do not exist.</summary>
internal static class AgentLink
{
    public static void MapAgentLink(this WebApplication app)
    {
        var agent = app.MapGroup("/agent/v1").RequireAuthorization(Policies.Agent).ExcludeFromDescription();
        agent.MapGet("/accounts", AccountsAsync);
        agent.MapPost("/reports", async (HttpRequest request, AgentReports reports, CancellationToken ct) =>
            await AgentWire.ReadReportAsync(request.Body, ct) is { } report
                ? (await reports.StoreAsync(report, ct)).ToResult()
                : Results.Problem("This is not a whole report.", statusCode: StatusCodes.Status400BadRequest));
    }

    private static async Task AccountsAsync(
        HttpContext context, DesiredAccounts accounts, IHostApplicationLifetime life, long after = 0, string epoch = "", int wait = 0)
    {
        // A waiting agent must not keep a stopping program from its end.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        try
        {
            var answer = await accounts.AskAsync(epoch, after, TimeSpan.FromSeconds(wait), over.Token);
            context.Response.ContentType = "application/json";
            await AgentWire.WriteAsync(context.Response.Body, answer, over.Token);
        }
        catch (OperationCanceledException) when (life.ApplicationStopping.IsCancellationRequested && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }
}
