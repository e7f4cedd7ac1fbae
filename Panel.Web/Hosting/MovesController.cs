using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/members/{handle}/moves"), Authorize(Policies.Admin)]
public sealed class MovesController(Moves moves, Hosts hosts) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string handle, CancellationToken ct) => await PageAsync(handle, null, ct) is { } page ? View(page) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string handle, [FromForm] string? host, CancellationToken ct)
    {
        var begun = await moves.BeginAsync(Me, handle, host ?? "", ct);
        return begun.Refused is not { } no ? this.SeeOther($"/members/{handle}/moves/{begun.Value!.Id}")
            : await PageAsync(handle, host, ct) is { } page ? Refuse(no, nameof(Index), page) : NotFound();
    }

    [HttpPost("cancellation")]
    public async Task<IActionResult> Destroy([FromRoute] string handle, CancellationToken ct)
    {
        var cancelled = await moves.CancelAsync(Me, handle, ct);
        if (cancelled.Refused is Services.NotThere)
        {
            return NotFound();
        }

        Say(cancelled.Refused?.Message ?? $"{handle} stays on {cancelled.Value!.From}. What went over is being taken away.");
        return this.SeeOther($"/members/{handle}/moves");
    }

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Show([FromRoute] string handle, [FromRoute] long id, CancellationToken ct) =>
        (await moves.ShowAsync(Me, handle, id, ct)).Value is { } page ? View(page) : NotFound();

    [HttpGet("{id:long}/events")]
    public Task Events([FromRoute] string handle, [FromRoute] long id, [FromServices] EventStream stream)
    {
        var me = Me;
        return stream.RunAsync(this, LiveChanges.Move(id), async (parts, ct) =>
            (await parts.GetRequiredService<Moves>().ShowAsync(me, handle, id, ct)).Value is { } move ? new LiveView($"{move.State}-{move.Steps.Count}", "_Move", move) : null);
    }

    private async Task<MovesPage?> PageAsync(string handle, string? host, CancellationToken ct) =>
        (await moves.ListAsync(Me, handle, ct)).Value is { } all && (await hosts.ListAsync(Me, ct)).Value is { } machines
            ? new MovesPage(handle, all, [.. machines.Where(h => h.Accounts.All(a => a.Handle != handle))], machines.FirstOrDefault(h => h.Accounts.Any(a => a.Handle == handle))?.Name) { Host = host } : null;
}

/// <param name="Hosts">Where the account could go.</param>
/// <param name="Home">Where it lies now.</param>
public sealed record MovesPage(string Handle, IReadOnlyList<MovePage> Moves, IReadOnlyList<HostPage> Hosts, string? Home)
{
    public string? Host { get; init; }
}
