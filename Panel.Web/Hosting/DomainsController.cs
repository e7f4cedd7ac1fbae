using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/sites/{site}/domains"), Authorize(Policies.Member)]
public sealed class DomainsController(Domains domains, DomainChecks checks, Sites sites) : PanelController
{
    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string site, [FromForm] string? name, CancellationToken ct)
    {
        var added = await domains.AddAsync(Me, MyHandle, new NewDomain(name, site), ct);
        if (added.Refused is { } no)
        {
            return (await sites.ShowAsync(Me, MyHandle, site, ct)).Value is { } page ? Refuse(no, "~/Hosting/Sites/Show.cshtml", new SiteShow(page, name)) : NotFound();
        }

        Say(added.Value!.ApprovedAt is null ? $"{added.Value.Typed} is noted. Show that it is yours by one row in its DNS." : $"{added.Value.Typed} is being set up.");
        return this.SeeOther(added.Value.ApprovedAt is null ? $"/sites/{site}/domains/{added.Value.Name}" : $"/sites/{site}");
    }

    [HttpGet("{name}")]
    public async Task<IActionResult> Show([FromRoute] string site, [FromRoute] string name, CancellationToken ct) =>
        (await domains.ShowAsync(Me, MyHandle, name, ct)).Value is { } page && page.Site == site ? View(new DomainShow(MyHandle, page)) : NotFound();

    [HttpPost("{name}/checks")]
    public async Task<IActionResult> Update([FromRoute] string site, [FromRoute] string name, CancellationToken ct)
    {
        var looked = await checks.CheckAsync(Me, MyHandle, name, ct);
        if (looked.Refused is { } no)
        {
            return (await domains.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? Refuse(no, nameof(Show), new DomainShow(MyHandle, page)) : NotFound();
        }

        Say(looked.Value!.ApprovedAt is null ? "Looked up. The row that proves the name is not there yet." : $"{looked.Value.Typed} is yours and served.");
        return this.SeeOther($"/sites/{site}/domains/{name}");
    }

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy([FromRoute] string site, [FromRoute] string name, CancellationToken ct)
    {
        if ((await domains.RemoveAsync(Me, MyHandle, name, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say($"{name} does not lead here any more.");
        return this.SeeOther($"/sites/{site}");
    }
}

public sealed record DomainShow(string Handle, DomainPage Domain);

[Area("Hosting"), Route("/domain-approvals"), Authorize(Policies.Admin)]
public sealed class DomainApprovalsController(Domains domains) : PanelController
{
    [HttpPost("")]
    public async Task<IActionResult> Create([FromForm] string handle, [FromForm] string name, CancellationToken ct)
    {
        if ((await domains.ApproveAsync(Me, handle, name, ct)).Refused is { } no)
        {
            if (no is Services.NotAllowed or Services.NotThere)
            {
                return no is Services.NotAllowed ? Forbid() : NotFound();
            }

            Say(no.Message);
            return this.SeeOther("/hosts");
        }

        Say($"{name} is served for {handle} from now on.");
        return this.SeeOther("/hosts");
    }
}
