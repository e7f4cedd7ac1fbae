using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/usage"), Authorize(Policies.Member)]
public sealed class UsageController(Usage usage) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) =>
        (await usage.ShowAsync(Me, MyHandle, ct)).Value is { } page ? View(page) : NotFound();
}
