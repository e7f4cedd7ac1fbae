using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Audit;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Home;

[Area("Home"), Authorize(Policy = Policies.Member)]
public sealed class HomeController(Members members, AuditTrail audit) : PanelController
{
    private const int Latest = 6;

    [HttpGet("/")]
    public async Task<IActionResult> Index(CancellationToken ct)
    {
        var me = await members.ShowAsync(Me, MyHandle, ct);
        var lately = await audit.ListAsync(Me, MyHandle, null, ct);
        return View(new HomePage(
            HomePage.Greet(me.Value?.Name is { Length: > 0 } name ? name : MyHandle),
            MyHandle,
            [],
            [.. (lately.Value ?? []).Take(Latest)]));
    }
}
