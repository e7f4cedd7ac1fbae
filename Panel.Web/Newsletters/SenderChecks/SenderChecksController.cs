using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record SenderCheckView(string Name, string Title, SenderDomainPage Domain);

/// <summary>What receivers look at before they take mail from the list's domain.</summary>
[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/domain")]
public sealed class SenderChecksController(Lists lists, SenderDomains senders, SenderDomainChecks checks) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string name, CancellationToken ct) => await FindAsync(name, ct) is { } view ? View(view) : NotFound();

    [HttpPost("checks")]
    public async Task<IActionResult> Create([FromRoute] string name, CancellationToken ct)
    {
        if (await FindAsync(name, ct) is not { } view)
        {
            return NotFound();
        }

        await checks.CheckAsync(Me, MyHandle, view.Domain.Domain, ct);
        return this.SeeOther($"/newsletters/{name}/domain");
    }

    private async Task<SenderCheckView?> FindAsync(string name, CancellationToken ct)
    {
        if (await lists.ShowAsync(Me, MyHandle, name, ct) is not { Value: { } list })
        {
            return null;
        }

        var domains = (await senders.ListAsync(Me, MyHandle, ct)).Value ?? [];
        return domains.FirstOrDefault(d => list.FromEmail.EndsWith($"@{d.Domain}", StringComparison.OrdinalIgnoreCase)) is { } domain ? new SenderCheckView(name, list.Title, domain) : null;
    }
}
