using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record DomainsView(IssuePage Issue, IReadOnlyList<DomainReport> Domains);

public sealed record GrowthView(ListPage List, GrowthPage Growth);

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}")]
public sealed class ReportsController(Lists lists, Issues issues, DomainReports domains, Growth growth) : PanelController
{
    [HttpGet("issues/{id:long}/domains")]
    public async Task<IActionResult> Domains([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        (await issues.ShowAsync(Me, id, ct)).Value is { } issue && issue.Handle == MyHandle && issue.List == name
            ? View(new DomainsView(issue, (await domains.ShowAsync(Me, id, ct)).Value ?? []))
            : NotFound();

    [HttpGet("growth")]
    public async Task<IActionResult> Growth([FromRoute] string name, CancellationToken ct) =>
        (await lists.ShowAsync(Me, MyHandle, name, ct)).Value is { } list && (await growth.ShowAsync(Me, MyHandle, name, ct)).Value is { } page
            ? View(new GrowthView(list, page))
            : NotFound();
}
