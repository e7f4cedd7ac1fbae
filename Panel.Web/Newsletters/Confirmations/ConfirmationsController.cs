using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, Route("c/{token}")]
public sealed class ConfirmationsController(SignUps signUps) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string token, CancellationToken ct) =>
        await signUps.LookAsync(token, ct) is { Value: { } page } ? View(page) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string token, CancellationToken ct) =>
        await signUps.ConfirmAsync(token, ct) is { Value: { } page } ? View(nameof(Show), page) : NotFound();

    [HttpPost("refusal")]
    public async Task<IActionResult> Destroy([FromRoute] string token, CancellationToken ct) =>
        await signUps.RefuseAsync(token, ct) is { Value: { } page } ? View(nameof(Show), page) : NotFound();
}
