using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/sites/{site}/domains"), Authorize(Policies.Member)]
public sealed class DomainsController(Domains domains, Sites sites) : PanelController
{
    [HttpPost("")]
    public async Task<IActionResult> Create(string site, [FromForm] string? name, CancellationToken ct)
    {
        var added = await domains.AddAsync(Me, MyHandle, new NewDomain(name, site), ct);
        if (added.Refused is { } no)
        {
            return (await sites.ShowAsync(Me, MyHandle, site, ct)).Value is { } page ? Refuse(no, "~/Hosting/Sites/Show.cshtml", new SiteShow(page, name)) : NotFound();
        }

        Say(added.Value!.ApprovedAt is null ? $"{added.Value.Name} is kept for you. It is served as soon as an admin has approved it." : $"{added.Value.Name} is being set up.");
        return this.SeeOther($"/sites/{site}");
    }

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy(string site, string name, CancellationToken ct)
    {
        if ((await domains.RemoveAsync(Me, MyHandle, name, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say($"{name} does not lead here any more.");
        return this.SeeOther($"/sites/{site}");
    }
}

[Area("Hosting"), Route("/domain-approvals"), Authorize(Policies.Admin)]
public sealed class DomainApprovalsController(Domains domains) : PanelController
{
    [HttpPost("")]
    public async Task<IActionResult> Create([FromForm] string handle, [FromForm] string name, CancellationToken ct)
    {
        if ((await domains.ApproveAsync(Me, handle, name, ct)).Refused is { } no)
        {
            return no is Services.NotAllowed ? Forbid() : NotFound();
        }

        Say($"{name} is served for {handle} from now on.");
        return this.SeeOther("/hosts");
    }
}
