using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/welcome/{token}"), AllowAnonymous, EnableRateLimiting(Limits.SignIn)]
public sealed class WelcomeController(AcceptInvitation acceptance) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> New(string token, CancellationToken ct)
    {
        var found = await acceptance.ShowAsync(token, ct);
        return found.Value is { } page ? View(WelcomeForm.Of(page)) : Gone();
    }

    [HttpPost("")]
    public async Task<IActionResult> Create(string token, WelcomeForm form, CancellationToken ct)
    {
        var found = await acceptance.ShowAsync(token, ct);
        if (found.Value is not { } page)
        {
            return Gone();
        }

        var joined = await acceptance.AcceptAsync(token, new Acceptance(form.Password, form.Name, form.Handle, form.Email), ct);
        if (joined.Refused is { } no)
        {
            return no is NotThere ? Gone() : Refuse(no, nameof(New), WelcomeForm.Of(page, form));
        }

        await HttpContext.StartSessionAsync(joined.Value!, "password", ct);
        return this.SeeOther("/");
    }

    private ViewResult Gone()
    {
        Response.StatusCode = StatusCodes.Status404NotFound;
        return View("Gone");
    }
}

public sealed record WelcomeForm
{
    /// <summary>Of the member whose link this is; null where the link makes the first admin.</summary>
    public string? Invited { get; private init; }

    public bool Again { get; private init; }

    public string? Handle { get; init; }

    [DataType(DataType.EmailAddress)]
    public string? Email { get; init; }

    public string? Name { get; init; }

    [DataType(DataType.Password)]
    public string? Password { get; init; }

    internal static WelcomeForm Of(InvitationPage page, WelcomeForm? given = null) =>
        (given ?? new WelcomeForm { Name = page.Name }) with { Invited = page.Handle, Again = page.Again };
}
