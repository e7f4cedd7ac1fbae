using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

public sealed record AccountPage(
    MemberPage Member, TwoFactorPage TwoFactor, IReadOnlyList<PasskeyPage> Passkeys, IReadOnlyList<SessionPage> Sessions, int Tokens);

[Area("Members"), Route("/account"), Authorize(Policies.Member)]
public sealed class AccountController(
    Services.Members.Members members, Profiles profiles, TwoFactor twoFactor, Passkeys passkeys, Sessions sessions, ApiTokens tokens) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show(CancellationToken ct) => View(new AccountPage(
        (await members.ShowAsync(Me, MyHandle, ct)).Value!,
        (await twoFactor.ShowAsync(Me, ct)).Value!,
        (await passkeys.ListAsync(Me, ct)).Value!,
        [.. (await sessions.ListAsync(Me, MyHandle, HttpContext.SessionKey(), ct)).Value!.Where(s => s.EndedAt is null)],
        (await tokens.ListAsync(Me, MyHandle, ct)).Value!.Count(t => t.RevokedAt is null)));

    [HttpGet("profile")]
    public async Task<IActionResult> Edit(CancellationToken ct)
    {
        var me = (await members.ShowAsync(Me, MyHandle, ct)).Value!;
        return View(new ProfileForm { Name = me.Name, Email = me.Email });
    }

    [HttpPost("profile"), EnableRateLimiting(Limits.SignIn)]
    public async Task<IActionResult> Update(ProfileForm form, CancellationToken ct)
    {
        var changed = await profiles.ChangeAsync(Me, MyHandle, new Profile(form.Name, form.Email), form.Password, ct);
        if (changed.Refused is { } no)
        {
            return Refuse(no, nameof(Edit), form);
        }

        Say("Your profile is changed.");
        return this.SeeOther("/account");
    }
}

public sealed record ProfileForm
{
    [Display(Description = "As others should see it.")]
    public string? Name { get; init; }

    [Display(Name = "E-mail"), DataType(DataType.EmailAddress)]
    public string? Email { get; init; }

    [Display(Name = "Your password", Description = "Only needed for another e-mail address."), DataType(DataType.Password)]
    public string? Password { get; init; }
}
