using Panel.Services;
using Panel.Web.Doors;

namespace Panel.Web.Api;

/// <summary>The API door: one file per noun, each a thin translation of a front door; problems as RFC 9457.</summary>
internal static class ApiSetup
{
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddOpenApi("v1");
        services.AddProblemDetails();
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase));
            json.SerializerOptions.UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow;
        });
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        app.MapOpenApi("/api/{documentName}/openapi.json").AllowAnonymous();
        var api = app.MapGroup("/api/v1").RequireAuthorization(Policies.Api);
        api.MapMembers();
        api.MapAudit();
        api.MapPackages();
        api.MapTokens();
        api.MapFinger();
        api.MapSites();
        api.MapKeys();
        api.MapDatabases();
        api.MapTasks();
        api.MapBackups();
        api.MapMoves();
        api.MapHouse();
        api.MapHosts();
        api.MapUsage();
        app.MapAgentLink();
        api.MapLists();
        api.MapSegments();
        api.MapIssues();
    }

    /// <summary>Limits a token on these routes to those that hold <c>scope:read</c> for GET, <c>scope:write</c> for the rest.</summary>
    public static RouteGroupBuilder Scope(this RouteGroupBuilder group, string scope)
    {
        group.AddEndpointFilter(async (context, next) =>
        {
            var scopes = context.HttpContext.Actor().Scopes;
            var write = !HttpMethods.IsGet(context.HttpContext.Request.Method);
            return scopes is null || scopes.Contains($"{scope}:write") || (!write && scopes.Contains($"{scope}:read"))
                ? await next(context)
                : Results.Problem($"This token lacks the scope {scope}:{(write ? "write" : "read")}.", statusCode: StatusCodes.Status403Forbidden);
        });
        return group;
    }

    /// <summary>200 with the value, or the refusal as a problem: 404, 403, 409 or 422 with the field it belongs to.</summary>
    public static IResult ToResult<T>(this Outcome<T> outcome) => outcome switch
    {
        { Refused: { } no } => Refuse(no),
        { Value: Done } => TypedResults.NoContent(),
        { Value: var value } => TypedResults.Ok(value),
    };

    /// <summary>201 with the value, or the refusal.</summary>
    public static IResult ToCreated<T>(this Outcome<T> outcome) =>
        outcome.Refused is { } no ? Refuse(no) : TypedResults.Json(outcome.Value, statusCode: StatusCodes.Status201Created);

    public static IResult Refuse(Refusal no) => TypedResults.Problem(
        no.Message,
        statusCode: no switch
        {
            NotThere => StatusCodes.Status404NotFound,
            NotAllowed => StatusCodes.Status403Forbidden,
            TakenAway => StatusCodes.Status410Gone,
            InTheWay => StatusCodes.Status409Conflict,
            _ => StatusCodes.Status422UnprocessableEntity,
        },
        extensions: no.Field is null ? null : new Dictionary<string, object?> { ["field"] = no.Field });
}
