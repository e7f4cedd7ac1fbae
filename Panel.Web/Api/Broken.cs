using System.Data.Common;
using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Panel.Web.Api;

/// <summary>What no front door answers, as a problem (RFC 9457) too: 400 for a request that cannot be read, with the place; 503 while the
/// database is busy or away; 500 for a mistake of ours. Nothing was changed then: a front door's changes are one transaction.</summary>
internal static class Broken
{
    // SQLITE_BUSY and SQLITE_LOCKED: another writer was in the way for longer than anybody waits.
    private static readonly int[] InUse = [5, 6];

    public static Task AnswerAsync(HttpContext context)
    {
        var (status, words) = Of(context.Features.Get<IExceptionHandlerFeature>()?.Error);
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "5";
        }

        return Results.Problem(words, statusCode: status).ExecuteAsync(context);
    }

    internal static (int Status, string Words) Of(Exception? thrown) => thrown switch
    {
        BadHttpRequestException { InnerException: JsonException no } => (StatusCodes.Status400BadRequest, WordsOf(no)),
        BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest } no when no.Message.Contains("body", StringComparison.Ordinal) =>
            (no.StatusCode, "The request needs a body, a JSON object. /api/v1/openapi.json says what is expected."),
        BadHttpRequestException no => (no.StatusCode, no.Message),
        _ when IsAway(thrown) => (StatusCodes.Status503ServiceUnavailable, "The database is busy or away. Nothing was changed: please try again in a moment."),
        _ => (StatusCodes.Status500InternalServerError, "Something broke on our side. Nothing was changed; the log of Panel says what it was."),
    };

    // The messages of the serializer name types of ours; the place is what helps.
    private static string WordsOf(JsonException no) =>
        no.Path is { Length: > 1 } path && path[0] == '$'
            ? $"The body: {path.TrimStart('$', '.')} is not known here, or its value is of the wrong kind (line {no.LineNumber + 1}). /api/v1/openapi.json says what is expected."
            : $"The body is not the JSON object that is expected (line {no.LineNumber + 1}). /api/v1/openapi.json says what that is.";

    private static bool IsAway(Exception? thrown) => thrown switch
    {
        null => false,
        SqliteException no => InUse.Contains(no.SqliteErrorCode),
        DbException { IsTransient: true } or TimeoutException => true,
        _ => IsAway(thrown.InnerException),
    };
}
