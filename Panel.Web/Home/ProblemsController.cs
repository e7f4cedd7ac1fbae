using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Web.Shared;

namespace Panel.Web.Home;

/// <summary>What is shown when there is no page to show: what happened, what was kept, what to do next.</summary>
public sealed record ProblemPage(int Status, string Title, string What, string Next, string? OperationId);

[Area("Home"), AllowAnonymous, IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
public sealed class ProblemsController : PanelController
{
    /// <summary>Where a signed-in member lands who may not do something; the cookie handler redirects here.</summary>
    [HttpGet("/denied")]
    public IActionResult Denied() => Said(StatusCodes.Status403Forbidden);

    // Any method: a refused POST is shown here too. The status is read from the route itself: a form that cannot be read (a NUL in it) leaves
    // every parameter of an action empty.
    [Route("/problem/{status:int:range(400,599)}")]
    public IActionResult Show() => Said(int.Parse((string)RouteData.Values["status"]!, CultureInfo.InvariantCulture));

    // Every address that nothing else answers; the other doors keep their own words. Last, so that any real route wins.
    [Route("/{**path:regex(^(?!api/|agent/|health/))}", Order = int.MaxValue)]
    public IActionResult Lost() => Said(StatusCodes.Status404NotFound);

    private ViewResult Said(int status)
    {
        Response.StatusCode = status;
        return View("Problem", PageOf(status, Activity.Current?.TraceId.ToString() ?? HttpContext.TraceIdentifier));
    }

    internal static ProblemPage PageOf(int status, string operation) => status switch
    {
        StatusCodes.Status400BadRequest => new(status, "That did not arrive whole.",
            "The form was too old or came from another page, so nothing was changed.", "Go back, load the page again and send it once more.", null),
        StatusCodes.Status403Forbidden => new(status, "This is not yours to open.",
            "Your account may not do this. Nothing was changed.", "If you think it should, ask an admin of the house.", null),
        StatusCodes.Status404NotFound => new(status, "Nothing lives here.",
            "There is no such page, or it belongs to somebody else.", "Check the address, or begin again from home.", null),
        StatusCodes.Status405MethodNotAllowed => new(status, "This door opens another way.",
            "The address is right, but it cannot be used like this. Nothing was changed.", "Begin again from home.", null),
        StatusCodes.Status413PayloadTooLarge => new(status, "That is too large.",
            "The upload is larger than the house accepts. Nothing was changed.", "Make it smaller, or bring large files by SFTP.", null),
        StatusCodes.Status429TooManyRequests => new(status, "Too many at once.",
            "So many requests came from here that the house waits a moment. Nothing was changed.", "Try again in a minute.", null),
        StatusCodes.Status503ServiceUnavailable => new(status, "The house is busy.",
            "A part that this page needs does not answer. What was saved before is kept.", "Try again in a minute.", operation),
        >= 500 => new(status, "Something broke here.",
            "It is our mistake, not yours. What was saved before is kept; the last change was not made.", "Try again. If it breaks again, tell an admin this number:", operation),
        _ => new(status, "That did not work.", "Nothing was changed.", "Go back and try again, or begin again from home.", null),
    };
}
