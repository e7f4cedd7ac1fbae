using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record SignUpForm(PublicList? List, string? Email);

/// <summary>No cookie is read here and none is set, so there is nothing that a forged form could use.</summary>
[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, Route("lists/{handle}/{name}")]
public sealed class PublicListsController(SignUps signUps) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string handle, [FromRoute] string name, CancellationToken ct) =>
        await signUps.ShowAsync(handle, name, ct) is { Value: { } list } ? View(new SignUpForm(list, null)) : NotFound();

    /// <param name="website">Hidden from people; only a program fills it in, and gets the usual answer and no mail.</param>
    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string handle, [FromRoute] string name, [FromForm] string? email, [FromForm] string? website, CancellationToken ct)
    {
        var asked = string.IsNullOrEmpty(website)
            ? await signUps.RequestAsync(handle, name, email, "page", HttpContext.Connection.RemoteIpAddress, ct)
            : await signUps.ShowAsync(handle, name, ct);
        if (asked.Refused is { } no)
        {
            var list = (await signUps.ShowAsync(handle, name, ct)).Value;
            return Refuse(no.Field is null ? no : no with { Field = "Email" }, nameof(Show), new SignUpForm(list, email));
        }

        return View("Asked", asked.Value);
    }
}
