using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record ImportForm
{
    public IFormFile? File { get; init; }

    public string? Consent { get; init; }
}

public sealed record ImportView(ListPage List, ImportForm Form, IReadOnlyList<ImportPage> Earlier);

public sealed record ImportShow(ListPage List, ImportPage Import, ImportLook? Look)
{
    public string Address => $"/newsletters/{List.Name}/imports/{Import.Id}";

    public IReadOnlyList<string> Fields => List.Fields.Split(',', StringSplitOptions.RemoveEmptyEntries);
}

/// <param name="Columns">For each column what it is: <c>email</c>, <c>name</c>, a field of the list, or nothing.</param>
public sealed record MappingForm(IReadOnlyList<string>? Columns);

/// <summary>A file comes in, is counted without a change, and then imported: each step has its own address and survives a reload.</summary>
[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/imports")]
public sealed class ImportsController(Lists lists, Imports imports) : PanelController
{
    [HttpGet("new")]
    public async Task<IActionResult> New([FromRoute] string name, CancellationToken ct) => await PageAsync(name, new ImportForm(), ct) is { } page ? View(page) : NotFound();

    [HttpPost(""), RequestSizeLimit(Imports.MostBytes + 1_000_000), RequestFormLimits(MultipartBodyLengthLimit = Imports.MostBytes)]
    public async Task<IActionResult> Create([FromRoute] string name, [Bind(Prefix = "Form")] ImportForm form, CancellationToken ct)
    {
        if (await PageAsync(name, form, ct) is not { } page)
        {
            return NotFound();
        }

        if (form.File is null)
        {
            ModelState.AddModelError("Form.File", "Choose a CSV file.");
            return Again(nameof(New), page);
        }

        await using var csv = form.File.OpenReadStream();
        var taken = await imports.AddAsync(Me, MyHandle, name, csv, form.File.FileName, form.Consent, ct);
        return taken.Value is { } import
            ? this.SeeOther($"/newsletters/{name}/imports/{import.Id}")
            : Refuse(taken.Refused! with { Field = taken.Refused!.Field switch { "file" => "Form.File", "consent" => "Form.Consent", var other => other } }, nameof(New), page);
    }

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Show([FromRoute] string name, [FromRoute] long id, CancellationToken ct) => await FindAsync(name, id, ct) is { } page ? View(page) : NotFound();

    [HttpGet("{id:long}/events")]
    public Task Events([FromRoute] string name, [FromRoute] long id, string? was, [FromServices] EventStream stream)
    {
        var (me, handle) = (Me, MyHandle);
        return stream.RunAsync(this, $"import {id}", async (parts, ct) =>
            (await parts.GetRequiredService<Imports>().ShowAsync(me, handle, name, id, ct)).Value is { } import && import.State.ToString() == was
                ? new LiveView($"{import.Rows}", "_Counts", import)
                : null);
    }

    [HttpPost("{id:long}/columns")]
    public async Task<IActionResult> Update([FromRoute] string name, [FromRoute] long id, MappingForm form, CancellationToken ct)
    {
        var columns = (form.Columns ?? []).ToList();
        var fields = columns.Select((word, at) => (word, at)).Where(c => c.word.StartsWith("field:", StringComparison.Ordinal)).DistinctBy(c => c.word).ToDictionary(c => c.word[6..], c => c.at);
        return Moved(name, id, await imports.UpdateAsync(Me, MyHandle, name, id, new ImportColumns(columns.IndexOf("email"), columns.IndexOf("name"), fields), ct), "Counted again.");
    }

    [HttpPost("{id:long}/start")]
    public async Task<IActionResult> Start([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        Moved(name, id, await imports.StartAsync(Me, MyHandle, name, id, ct), "It is being imported. You can leave this page.");

    [HttpPost("{id:long}/end")]
    public async Task<IActionResult> Destroy([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        Moved(name, id, await imports.EndAsync(Me, MyHandle, name, id, ct), "Stopped. Who was added stays on the list.");

    [HttpGet("{id:long}/errors.csv")]
    public async Task<IActionResult> Errors([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        await imports.ErrorsAsync(Me, MyHandle, name, id, ct) is { Value: { } file } ? File(file, "text/csv; charset=utf-8", $"{name}-{id}-bad-rows.csv") : NotFound();

    private IActionResult Moved(string name, long id, Outcome<ImportPage> outcome, string said)
    {
        if (outcome.Refused is NotThere)
        {
            return NotFound();
        }

        Say(outcome.Refused is { } no ? no.Message : said);
        return this.SeeOther($"/newsletters/{name}/imports/{id}");
    }

    private async Task<ImportView?> PageAsync(string name, ImportForm form, CancellationToken ct) =>
        (await lists.ShowAsync(Me, MyHandle, name, ct)).Value is { } list ? new ImportView(list, form, (await imports.ListAsync(Me, MyHandle, name, ct)).Value ?? []) : null;

    private async Task<ImportShow?> FindAsync(string name, long id, CancellationToken ct)
    {
        if ((await lists.ShowAsync(Me, MyHandle, name, ct)).Value is not { } list || (await imports.ShowAsync(Me, MyHandle, name, id, ct)).Value is not { } import)
        {
            return null;
        }

        var choosing = import.State is ImportState.Checked or ImportState.Failed && import.StartedAt is null;
        return new ImportShow(list, import, choosing ? (await imports.LookAsync(Me, MyHandle, name, id, ct)).Value : null);
    }
}
