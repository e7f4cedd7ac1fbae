using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/passkeys"), Authorize(Policies.Member)]
public sealed class PasskeysController(SignInManager<Member> webAuthn, Passkeys passkeys) : PanelController
{
    [HttpPost("options")]
    public async Task<IActionResult> New() => Content(
        await webAuthn.MakePasskeyCreationOptionsAsync(new PasskeyUserEntity { Id = MyId, Name = MyHandle, DisplayName = MyHandle }), "application/json");

    [HttpPost("")]
    public async Task<IActionResult> Create(string? credential, string? name, CancellationToken ct)
    {
        var made = await MadeAsync(credential);
        if (made is not { Succeeded: true } || made.UserEntity.Id != MyId)
        {
            Say("The passkey was not added: what the browser sent did not fit, or took too long. Try again.");
            return this.SeeOther("/account");
        }

        var added = await passkeys.AddAsync(Me, made.Passkey, name, ct);
        Say(added.Refused?.Message ?? "The passkey is added. You can sign in with it now.");
        return this.SeeOther("/account");
    }

    private async Task<PasskeyAttestationResult?> MadeAsync(string? credential)
    {
        try
        {
            return credential is null ? null : await webAuthn.PerformPasskeyAttestationAsync(credential);
        }
        catch (InvalidOperationException)
        {
            // Nothing was asked of this browser, or too long ago.
            return null;
        }
    }

    [HttpPost("{id}/removal")]
    public async Task<IActionResult> Destroy(string id, CancellationToken ct)
    {
        var removed = await passkeys.RemoveAsync(Me, id, ct);
        if (removed.Refused is not null)
        {
            return NotFound();
        }

        Say("The passkey is removed here. Remove it from your device as well.");
        return this.SeeOther("/account");
    }

    private string MyId => Me.MemberId!.Value.ToString(CultureInfo.InvariantCulture);
}
