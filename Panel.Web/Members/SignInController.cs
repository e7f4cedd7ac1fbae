using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/sign-in"), AllowAnonymous, EnableRateLimiting(Limits.SignIn)]
public sealed class SignInController(SignIns signIns) : PanelController
{
    [HttpGet("")]
    public IActionResult New(string? returnUrl) =>
        User.Identity?.IsAuthenticated == true ? LocalRedirect(this.Back(returnUrl)) : View(new SignInForm { ReturnUrl = returnUrl });

    [HttpPost("")]
    public async Task<IActionResult> Create(SignInForm form, CancellationToken ct)
    {
        var found = await signIns.CheckAsync(form.Login, form.Password, ct);
        if (found.Refused is { } no)
        {
            return Refuse(no, nameof(New), form);
        }

        if (found.Value!.TwoFactorEnabled)
        {
            await HttpContext.StartHalfAsync(found.Value);
            return this.SeeOther(QueryString.Create("returnUrl", this.Back(form.ReturnUrl)).ToUriComponent().Insert(0, "/sign-in/code"));
        }

        await HttpContext.StartSessionAsync(found.Value, "password", ct);
        return this.SeeOther(this.Back(form.ReturnUrl));
    }
}

public sealed record SignInForm
{
    [Display(Name = "Handle or e-mail")]
    public string? Login { get; init; }

    [DataType(DataType.Password)]
    public string? Password { get; init; }

    public string? ReturnUrl { get; init; }
}
