using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/sign-in/code"), AllowAnonymous, EnableRateLimiting(Limits.SignIn)]
public sealed class CodesController(TwoFactor twoFactor) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> New(string? returnUrl) =>
        await HttpContext.HalfAsync() is null ? Redirect("/sign-in") : View(new CodeForm { ReturnUrl = returnUrl });

    [HttpPost("")]
    public async Task<IActionResult> Create(CodeForm form, CancellationToken ct)
    {
        if (await HttpContext.HalfAsync() is not { } half)
        {
            return this.SeeOther("/sign-in");
        }

        var found = await twoFactor.CheckAsync(half.Id, half.Stamp, form.Code, ct);
        if (found.Refused is { } no)
        {
            return no is NotThere ? this.SeeOther("/sign-in") : Refuse(no, nameof(New), form);
        }

        await HttpContext.StartSessionAsync(found.Value.Member, found.Value.Way, ct);
        return this.SeeOther(this.Back(form.ReturnUrl));
    }
}

public sealed record CodeForm
{
    [Display(Name = "Code", Description = "Six digits from your authenticator, or one of your recovery codes.")]
    public string? Code { get; init; }

    public string? ReturnUrl { get; init; }
}
