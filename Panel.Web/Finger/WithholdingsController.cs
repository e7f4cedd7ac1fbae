using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Finger;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Admin)]
public sealed class WithholdingsController(FingerAccounts accounts) : PanelController
{
    [HttpPost("/finger/{handle}/withholding")]
    public Task<IActionResult> Create(string handle, CancellationToken ct) =>
        SetAsync(handle, true, "Withheld: from now on this handle answers as if there were no such member.", ct);

    [HttpPost("/finger/{handle}/withholding/end")]
    public Task<IActionResult> Destroy(string handle, CancellationToken ct) =>
        SetAsync(handle, false, "Given back: the member decides again what is answered.", ct);

    private async Task<IActionResult> SetAsync(string handle, bool withheld, string said, CancellationToken ct)
    {
        var set = await accounts.SetAsync(Me, handle, new FingerChanges(Withheld: withheld), ct);
        if (!set.Succeeded)
        {
            return Refuse(set.Refused, "~/Finger/Accounts/Edit.cshtml", null);
        }

        Say(said);
        Response.Headers.Location = $"/finger/{set.Value.Handle}";
        return StatusCode(StatusCodes.Status303SeeOther);
    }
}
