using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

/// <summary>RFC 8058: the POST needs nothing but its address, whatever its body is, and is answered 200 at once, never by a redirect.</summary>
[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, BodyNotRead, Route("u/{token}")]
public sealed class DeparturesController(Departures departures) : PanelController
{
    [HttpGet(""), HttpHead("")]
    public async Task<IActionResult> Show([FromRoute] string token, CancellationToken ct) =>
        await departures.LookAsync(token, ct) is { Value: { } page } ? View(page) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string token, CancellationToken ct) =>
        await departures.LeaveAsync(token, ct) switch
        {
            { Value: { } page } => View(nameof(Show), page),
            { Refused: NotNow no } => StatusCode(StatusCodes.Status503ServiceUnavailable, no.Message),
            _ => NotFound(),
        };

    /// <summary>From every list of the same sender (L3).</summary>
    [HttpPost("all")]
    public async Task<IActionResult> CreateForAll([FromRoute] string token, [FromServices] Objections objections, CancellationToken ct) =>
        await objections.ObjectAsync(token, ct) is { Value: { } page } ? View(nameof(Show), page) : NotFound();

    [HttpPost("return")]
    public async Task<IActionResult> Destroy([FromRoute] string token, CancellationToken ct)
    {
        var back = await departures.ReturnAsync(token, ct);
        return back.Refused is { } no ? Refuse(no, nameof(Show), (await departures.LookAsync(token, ct)).Value) : View(nameof(Show), back.Value);
    }
}
