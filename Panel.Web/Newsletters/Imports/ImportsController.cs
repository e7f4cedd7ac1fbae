using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record ImportForm
{
    public IFormFile? File { get; init; }

    public string? Consent { get; init; }
}

public sealed record ImportView(string Name, ImportForm Form, ImportReport? Report = null);

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/imports")]
public sealed class ImportsController(Lists lists, Subscribers subscribers) : PanelController
{
    [HttpGet("new")]
    public async Task<IActionResult> New([FromRoute] string name, CancellationToken ct) =>
        await lists.FindAsync(Me, MyHandle, name, ct) is null ? NotFound() : View(new ImportView(name, new ImportForm()));

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string name, [Bind(Prefix = "Form")] ImportForm form, CancellationToken ct)
    {
        if (form.File is null)
        {
            ModelState.AddModelError("Form.File", "Choose a CSV file.");
            return Again(nameof(New), new ImportView(name, form));
        }

        await using var csv = form.File.OpenReadStream();
        var done = await subscribers.ImportAsync(Me, MyHandle, name, csv, form.Consent, ct);
        return done.Refused is { } no
            ? Refuse(no.Field is null ? no : no with { Field = $"Form.{no.Field}" }, nameof(New), new ImportView(name, form))
            : View(nameof(New), new ImportView(name, form, done.Value));
    }
}
