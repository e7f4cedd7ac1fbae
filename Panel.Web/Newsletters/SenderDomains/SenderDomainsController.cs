using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Admin), Route("sender-domains")]
public sealed class SenderDomainsController(SenderDomains senders) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View((await senders.ClaimsAsync(Me, ct)).Value);

    [HttpPost("{handle}/{domain}/approval")]
    public async Task<IActionResult> Update([FromRoute] string handle, [FromRoute] string domain, CancellationToken ct)
    {
        var approved = await senders.ApproveAsync(Me, handle, domain, ct);
        if (approved.Refused is { } no)
        {
            return Refuse(no, nameof(Index), (await senders.ClaimsAsync(Me, ct)).Value);
        }

        Say($"{handle} may send newsletters from {domain}.");
        return RedirectToAction(nameof(Index));
    }
}
