using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/hosts"), Authorize(Policies.Admin)]
public sealed class HostsController(Hosts hosts, HostInvitations invitations, HostWork work, Domains domains) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) =>
        View(new HostsPage((await hosts.ListAsync(Me, ct)).Value ?? [], (await domains.WaitingAsync(Me, ct)).Value ?? []));

    [HttpPost("")]
    public async Task<IActionResult> New(string? name, CancellationToken ct)
    {
        var invited = await invitations.InviteAsync(Me, name?.Trim() ?? "", ct);
        return invited.Refused is { } no
            ? Refuse(no, nameof(Index), new HostsPage((await hosts.ListAsync(Me, ct)).Value ?? [], (await domains.WaitingAsync(Me, ct)).Value ?? []) { Name = name })
            : View(invited.Value);
    }

    [HttpGet("{name}")]
    public async Task<IActionResult> Show(string name, CancellationToken ct) =>
        (await hosts.ShowAsync(Me, name, ct)).Value is { } page ? View(page) : NotFound();

    [HttpGet("{name}/plan")]
    public async Task<IActionResult> Plan(string name, CancellationToken ct)
    {
        var planned = await work.PlanAsync(Me, name, ct);
        return planned.Refused is { } no
            ? await AgainAsync(name, no, ct)
            : View(planned.Value);
    }

    [HttpPost("{name}/passes")]
    public async Task<IActionResult> Create(string name, CancellationToken ct)
    {
        var done = await work.ConvergeAsync(Me, name, ct);
        if (done.Refused is { } no)
        {
            return await AgainAsync(name, no, ct);
        }

        Say($"{done.Value!.Host} has compared everything; it took {done.Value.Milliseconds} ms.");
        return this.SeeOther($"/hosts/{name}");
    }

    [HttpPost("{name}/removals")]
    public async Task<IActionResult> Update(string name, CancellationToken ct)
    {
        if ((await hosts.ConfirmRemovalsAsync(Me, name, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say("What is marked as removed may be taken away again.");
        return this.SeeOther($"/hosts/{name}");
    }

    private async Task<IActionResult> AgainAsync(string name, Refusal no, CancellationToken ct) =>
        (await hosts.ShowAsync(Me, name, ct)).Value is { } page ? Refuse(no, nameof(Show), page) : NotFound();
}

public sealed record HostsPage(IReadOnlyList<HostPage> Hosts, IReadOnlyList<WaitingDomain> Waiting)
{
    /// <summary>What was typed into the form for another machine.</summary>
    public string? Name { get; init; }
}
