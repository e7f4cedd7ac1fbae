using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Admin), Route("mail/health")]
public sealed class DeliveryHealthController(Services.Newsletters.DeliveryHealth health) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromQuery] int? days, CancellationToken ct) =>
        await health.ShowAsync(Me, days ?? 30, ct) is { Value: { } page } ? View(page) : Forbid();
}
