using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Home;

[Area("Home"), Authorize(Policy = Policies.Member)]
public sealed class HomeController(Dashboard dashboard) : PanelController
{
    [HttpGet("/")]
    public async Task<IActionResult> Index(CancellationToken ct) =>
        View(await dashboard.OfAsync(Me, MyHandle, ct));
}
