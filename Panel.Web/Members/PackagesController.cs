using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/packages"), Authorize(Policies.Admin)]
public sealed class PackagesController(Packages packages) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await packages.ListAsync(Me, ct));

    [HttpGet("new")]
    public IActionResult New() => View("Edit", new PackageForm());

    [HttpPost("")]
    public async Task<IActionResult> Create(PackageForm form, CancellationToken ct) =>
        ModelState.IsValid ? Answer(await packages.AddAsync(Me, form.Limits(form.Name ?? ""), ct), form, "is there") : Again("Edit", form);

    [HttpGet("{name}")]
    public async Task<IActionResult> Edit(string name, CancellationToken ct) =>
        (await packages.ShowAsync(Me, name, ct)).Value is { } page ? View(PackageForm.Of(page)) : NotFound();

    [HttpPost("{name}")]
    public async Task<IActionResult> Update(string name, PackageForm form, CancellationToken ct)
    {
        var known = form with { Name = name, Known = true };
        return ModelState.IsValid ? Answer(await packages.ChangeAsync(Me, name, known.Limits(name), ct), known, "is changed") : Again("Edit", known);
    }

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy(string name, CancellationToken ct)
    {
        var removed = await packages.RemoveAsync(Me, name, ct);
        if (removed.Refused is NotThere)
        {
            return NotFound();
        }

        Say(removed.Refused?.Message ?? $"The package {name} is removed.");
        return this.SeeOther("/packages");
    }

    private IActionResult Answer(Outcome<PackagePage> outcome, PackageForm form, string done)
    {
        if (outcome.Refused is { } no)
        {
            return Refuse(no, "Edit", form);
        }

        Say($"The package {outcome.Value!.Name} {done}.");
        return this.SeeOther("/packages");
    }
}

public sealed record PackageForm
{
    /// <summary>As everywhere else in the house (<see cref="Shared.Bytes"/>).</summary>
    private const decimal Megabyte = 1 << 20;

    internal bool Known { get; init; }

    internal int Members { get; init; }

    [Display(Description = "Small letters, digits and hyphens.")]
    public string? Name { get; init; }

    [Display(Name = "Disk space in MB"), Range(1, 1_000_000_000)]
    public decimal DiskBytes { get; init; } = 1024;

    public int Sites { get; init; } = 10;

    public int Databases { get; init; } = 5;

    public int Domains { get; init; } = 10;

    [Display(Name = "Newsletter lists")]
    public int Lists { get; init; } = 5;

    [Display(Name = "Mails per month")]
    public int Mails { get; init; } = 50_000;

    [Display(Name = "Daily backups", Description = "The newest of each of so many days stays.")]
    public int KeepDaily { get; init; } = 7;

    [Display(Name = "Weekly backups")]
    public int KeepWeekly { get; init; } = 4;

    [Display(Name = "Monthly backups")]
    public int KeepMonthly { get; init; } = 6;

    internal PackageLimits Limits(string name) => new(name, (long)(DiskBytes * Megabyte), Sites, Databases, Domains, Lists, Mails, KeepDaily, KeepWeekly, KeepMonthly);

    internal static PackageForm Of(PackagePage page) => new()
    {
        Known = true,
        Name = page.Name,
        Members = page.Members,
        DiskBytes = page.DiskBytes / Megabyte,
        Sites = page.Sites,
        Databases = page.Databases,
        Domains = page.Domains,
        Lists = page.Lists,
        Mails = page.Mails,
        KeepDaily = page.KeepDaily,
        KeepWeekly = page.KeepWeekly,
        KeepMonthly = page.KeepMonthly,
    };
}
