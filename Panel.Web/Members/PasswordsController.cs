using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/password"), Authorize(Policies.Member)]
public sealed class PasswordsController(Profiles profiles) : PanelController
{
    private const string Form = "~/Members/Account/Password.cshtml";

    [HttpGet("")]
    public IActionResult Edit() => View(Form, new PasswordForm());

    [HttpPost(""), EnableRateLimiting(Limits.SignIn)]
    public async Task<IActionResult> Update(PasswordForm form, CancellationToken ct)
    {
        var changed = await profiles.ChangePasswordAsync(Me, form.Current, form.Wanted, HttpContext.SessionKey(), ct);
        if (changed.Refused is { } no)
        {
            return Refuse(no, Form, form);
        }

        Say("Your password is changed, and every other session has ended.");
        return this.SeeOther("/account");
    }
}

public sealed record PasswordForm
{
    [Display(Name = "Your password now"), DataType(DataType.Password)]
    public string? Current { get; init; }

    [Display(Name = "New password", Description = "At least 12 characters. Four unrelated words make a good one."), DataType(DataType.Password)]
    public string? Wanted { get; init; }
}
