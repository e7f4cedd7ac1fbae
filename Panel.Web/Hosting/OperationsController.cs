using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/hosts/{name}/operations"), Authorize(Policies.Admin)]
public sealed class OperationsController(Operations operations) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct) =>
        (await operations.ListAsync(Me, name, ct)).Value is { } all ? View(new OperationsPage(name, all)) : NotFound();

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Show([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        (await operations.ShowAsync(Me, name, id, ct)).Value is { } page ? View(page) : NotFound();
}

[Area("Hosting"), Route("/hosts/{name}"), Authorize(Policies.Admin)]
public sealed class DriftController(Drifts drifts) : PanelController
{
    [HttpGet("drift")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct) =>
        (await drifts.ListAsync(Me, name, ct)).Value is { } all ? View("~/Hosting/Hosts/Drift.cshtml", new DriftsPage(name, all, (await drifts.PinnedAsync(Me, name, ct)).Value ?? [])) : NotFound();

    [HttpPost("pins")]
    public Task<IActionResult> Create([FromRoute] string name, [FromForm] string? handle, CancellationToken ct) => SetAsync(name, handle, true, ct);

    [HttpPost("pins/removal")]
    public Task<IActionResult> Destroy([FromRoute] string name, [FromForm] string? handle, CancellationToken ct) => SetAsync(name, handle, false, ct);

    private async Task<IActionResult> SetAsync(string name, string? handle, bool pin, CancellationToken ct)
    {
        if ((await drifts.PinAsync(Me, name, handle ?? "", pin, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say(pin ? $"{handle} is left as it is found from now on." : $"{handle} is put back at the next full pass.");
        return this.SeeOther($"/hosts/{name}/drift");
    }
}

public sealed record OperationsPage(string Host, IReadOnlyList<OperationPage> Operations);

public sealed record DriftsPage(string Host, IReadOnlyList<DriftPage> Drifts, IReadOnlyList<string> Pinned);
