using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Writing;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record VersionsView(IssuePage Issue, IReadOnlyList<VersionPage> Versions)
{
    public string Address => $"/newsletters/{Issue.List}/issues/{Issue.Id}";
}

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/issues/{id:long}/versions")]
public sealed class IssueVersionsController(Issues issues, IssueVersions versions) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        await FindAsync(name, id, ct) is { } issue && (await versions.ListAsync(Me, id, ct)).Value is { } all ? View(new VersionsView(issue, all)) : NotFound();

    [HttpPost("{version:long}/restore")]
    public async Task<IActionResult> Update([FromRoute] string name, [FromRoute] long id, [FromRoute] long version, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is null)
        {
            return NotFound();
        }

        var restored = await versions.RestoreAsync(Me, id, version, ct);
        if (restored.Refused is NotThere)
        {
            return NotFound();
        }

        Say(restored.Refused is { } no ? no.Message : "Put back. What stood there before is among the versions.");
        return this.SeeOther($"/newsletters/{name}/issues/{id}/edit");
    }

    private async Task<IssuePage?> FindAsync(string name, long id, CancellationToken ct) =>
        (await issues.ShowAsync(Me, id, ct)).Value is { } issue && issue.Handle == MyHandle && issue.List == name ? issue : null;
}
