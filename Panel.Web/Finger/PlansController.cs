using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Finger;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Member)]
public sealed class PlansController(FingerAccounts accounts) : PanelController
{
    [HttpGet("/finger/{handle}/plans")]
    public async Task<IActionResult> Index(string handle, CancellationToken ct)
    {
        var plans = await accounts.PlansAsync(Me, handle, ct);
        return plans.Succeeded ? View(new PlansPage(handle, plans.Value)) : Refuse(plans.Refused, nameof(Index), null);
    }
}

public sealed record PlansPage(string Handle, IReadOnlyList<FingerPlanPage> Plans);
