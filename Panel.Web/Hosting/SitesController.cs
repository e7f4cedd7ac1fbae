using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/sites"), Authorize(Policies.Member)]
public sealed class SitesController(Sites sites) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) =>
        View(new SitesPage(MyHandle, (await sites.ListAsync(Me, MyHandle, ct)).Value ?? []));

    [HttpGet("new")]
    public IActionResult New() => View(new SiteForm { Handle = MyHandle });

    [HttpPost("")]
    public async Task<IActionResult> Create(SiteForm form, CancellationToken ct)
    {
        var again = form with { Handle = MyHandle };
        string[] domains = string.IsNullOrWhiteSpace(form.Domains) ? [] : [form.Domains];
        var added = await sites.AddAsync(Me, MyHandle, new NewSite(form.Name, form.Kind, domains), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no, nameof(New), again);
        }

        Say($"Site {added.Value!.Name} is going live.");
        return this.SeeOther($"/sites/{added.Value.Name}");
    }

    [HttpGet("{name}")]
    public async Task<IActionResult> Show(string name, CancellationToken ct) =>
        (await sites.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? View(new SiteShow(page, null)) : NotFound();

    [HttpGet("{name}/events")]
    public Task Events(string name, [FromServices] EventStream stream)
    {
        var (me, handle) = (Me, MyHandle);
        return stream.RunAsync(this, LiveChanges.Member(me.MemberId!.Value), async (parts, ct) =>
            (await parts.GetRequiredService<Sites>().ShowAsync(me, handle, name, ct)).Value is { } site ? new LiveView(site.Version, "_State", site) : null);
    }

    [HttpGet("{name}/removal")]
    public async Task<IActionResult> Edit(string name, CancellationToken ct) =>
        (await sites.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? View("Removal", page) : NotFound();

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy(string name, CancellationToken ct)
    {
        var removed = await sites.RemoveAsync(Me, MyHandle, name, ct);
        if (removed.Refused is not null)
        {
            return NotFound();
        }

        Say($"Site {name} is taken off the web. Its files are kept in your account.");
        return this.SeeOther("/sites");
    }
}

public sealed record SitesPage(string Handle, IReadOnlyList<SitePage> Sites);

/// <summary>A site, and the name that was refused when somebody tried to add one.</summary>
public sealed record SiteShow(SitePage Site, string? Domain);

public sealed record SiteForm
{
    public string Handle { get; init; } = "";

    [Display(Name = "Name")]
    public string? Name { get; init; }

    public string? Kind { get; init; } = "static";

    [Display(Name = "Your own domain")]
    public string? Domains { get; init; }
}
