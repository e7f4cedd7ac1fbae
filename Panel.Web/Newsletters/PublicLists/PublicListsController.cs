using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Localization;
using Panel.Services.Newsletters;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record SignUpForm(PublicList? List, string? Email, string Stamp, IReadOnlyList<ArchiveEntry> Issues);

public sealed record JsonSignUp(string? Email, string? Website);

/// <summary>No cookie is read here and none is set, so there is nothing that a forged form could use. Page, embedded form and
/// JSON come to the same guard (S3).</summary>
[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, Route("lists/{handle}/{name}")]
public sealed class PublicListsController(SignUps signUps, SignUpGuard guard, Archives archives) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string handle, [FromRoute] string name, CancellationToken ct) =>
        await PageAsync(handle, name, null, ct) is { } page ? View(page) : NotFound();

    /// <param name="website">Hidden from people; only a program fills it in, and gets the usual answer and no mail.</param>
    [HttpPost("")]
    public async Task<IActionResult> Create(
        [FromRoute] string handle, [FromRoute] string name, [FromForm] string? email, [FromForm] string? website, [FromForm] string? stamp, [FromForm] string? form, CancellationToken ct)
    {
        var asked = await AskAsync(handle, name, new SignUpAsk(email, form == "embed" ? "embed" : "page", HttpContext.Connection.RemoteIpAddress, website, stamp), ct);
        if (asked.Refused is { } no)
        {
            return Refuse(no.Field is null ? no : no with { Field = "Email" }, nameof(Show), await PageAsync(handle, name, email, ct));
        }

        return View("Asked", asked.Value);
    }

    /// <summary>The same for a script of another site; it needs no cookie, so any site may ask.</summary>
    [HttpPost(""), Consumes("application/json")]
    public async Task<IActionResult> CreateJson([FromRoute] string handle, [FromRoute] string name, [FromBody] JsonSignUp form, CancellationToken ct)
    {
        Response.Headers.AccessControlAllowOrigin = "*";
        var asked = await AskAsync(handle, name, new SignUpAsk(form.Email, "json", HttpContext.Connection.RemoteIpAddress, form.Website), ct);
        return asked.Refused switch
        {
            null => Accepted(new { said = Phrases.In(asked.Value!.Language)["Look into your mailbox."].Value }),
            NotThere => NotFound(),
            var no => Problem(no.Message, statusCode: no is InTheWay ? StatusCodes.Status409Conflict : StatusCodes.Status422UnprocessableEntity),
        };
    }

    [HttpOptions("")]
    public IActionResult Options()
    {
        (Response.Headers.AccessControlAllowOrigin, Response.Headers.AccessControlAllowMethods, Response.Headers.AccessControlAllowHeaders) = ("*", "POST", "content-type");
        return NoContent();
    }

    private Task<Outcome<PublicList>> AskAsync(string handle, string name, SignUpAsk ask, CancellationToken ct) => signUps.RequestAsync(handle, name, ask, ct);

    private async Task<SignUpForm?> PageAsync(string handle, string name, string? email, CancellationToken ct) =>
        await signUps.ShowAsync(handle, name, ct) is { Value: { } list }
            ? new SignUpForm(list, email, guard.Stamp(), (await archives.ListAsync(handle, name, ct)).Value ?? [])
            : null;
}
