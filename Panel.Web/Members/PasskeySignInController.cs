using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/sign-in/passkey"), AllowAnonymous, EnableRateLimiting(Limits.SignIn)]
public sealed class PasskeySignInController(SignInManager<Member> webAuthn, Passkeys passkeys) : PanelController
{
    /// <summary>What the browser needs to ask an authenticator; the same for everybody, so it tells nothing.</summary>
    [HttpPost("options")]
    public async Task<IActionResult> Show() => Content(await webAuthn.MakePasskeyRequestOptionsAsync(null), "application/json");

    [HttpPost("")]
    public async Task<IActionResult> Create(string? credential, string? returnUrl, CancellationToken ct)
    {
        var proven = await ProvenAsync(credential);
        if (proven is not { Succeeded: true })
        {
            ModelState.AddModelError("", "This passkey opens no account here. Use your handle and password.");
            return Again("~/Members/SignIn/New.cshtml", new SignInForm { ReturnUrl = returnUrl });
        }

        var member = await passkeys.AcceptAsync(proven.User, proven.Passkey, ct);
        if (member.Refused is { } no)
        {
            return Refuse(no, "~/Members/SignIn/New.cshtml", new SignInForm { ReturnUrl = returnUrl });
        }

        await HttpContext.StartSessionAsync(member.Value!, "passkey", ct);
        return this.SeeOther(this.Back(returnUrl));
    }

    private async Task<PasskeyAssertionResult<Member>?> ProvenAsync(string? credential)
    {
        try
        {
            return credential is null ? null : await webAuthn.PerformPasskeyAssertionAsync(credential);
        }
        catch (InvalidOperationException)
        {
            // Nothing was asked of this browser, or too long ago.
            return null;
        }
    }
}
