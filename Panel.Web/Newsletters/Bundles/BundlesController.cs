using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters.Bundling;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record BundleForm
{
    [Required(ErrorMessage = "Choose the archive of the list.")]
    public IFormFile? File { get; init; }

    [Required(ErrorMessage = "Give the list a short name for its address, for example letters.")]
    public string? Name { get; init; }

    public string? From { get; init; }
}

/// <param name="Taken">What came, once it did.</param>
public sealed record BundleView(BundleForm Form, BundleTaken? Taken = null);

/// <summary>A whole list out, and in again.</summary>
[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters")]
public sealed class BundlesController(ListBundles bundles) : PanelController
{
    /// <summary>A list of a million people has about 60 MB as an archive.</summary>
    internal const long MostBytes = 256L * 1024 * 1024;

    [HttpPost("{name}/archive")]
    public async Task<IActionResult> Show([FromRoute] string name, CancellationToken ct) =>
        (await bundles.ExportAsync(Me, MyHandle, name, ct)).Value is { } zip ? File(zip, "application/zip", $"{name}.zip") : NotFound();

    [HttpGet("new/archive")]
    public IActionResult New() => View(new BundleView(new BundleForm()));

    [HttpPost("new/archive"), RequestSizeLimit(MostBytes), RequestFormLimits(MultipartBodyLengthLimit = MostBytes)]
    public async Task<IActionResult> Create([Bind(Prefix = "Form")] BundleForm form, CancellationToken ct)
    {
        if (!ModelState.IsValid)
        {
            return Again(nameof(New), new BundleView(form));
        }

        await using var zip = form.File!.OpenReadStream();
        var taken = await bundles.ImportAsync(Me, MyHandle, form.Name!.Trim(), form.From, zip, ct);
        return taken.Refused is { } no
            ? Refuse(no with { Field = no.Field switch { "file" or "name" or "from" => $"Form.{char.ToUpperInvariant(no.Field[0])}{no.Field[1..]}", _ => null } }, nameof(New), new BundleView(form))
            : View(nameof(New), new BundleView(form, taken.Value));
    }
}
