using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;
using Panel.Services.Newsletters.Writing;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/issues")]
public sealed class IssuesController(Lists lists, Issues issues, Reports reports, IssueChecks checks, ListImages images, Subscribers subscribers, Segments segments) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct) =>
        await ListAsync(name, ct) is { } list ? View(new IssuesPage(list, (await issues.ListAsync(Me, MyHandle, name, ct)).Value ?? [])) : NotFound();

    [HttpGet("new")]
    public async Task<IActionResult> New([FromRoute] string name, CancellationToken ct) =>
        await ListAsync(name, ct) is { } list ? View("Edit", await NewAsync(list, new IssueForm(), ct)) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string name, [Bind(Prefix = "Form")] IssueForm form, CancellationToken ct)
    {
        if (await ListAsync(name, ct) is not { } list)
        {
            return NotFound();
        }

        var page = await NewAsync(list, form, ct);
        if (!ModelState.IsValid)
        {
            return Again("Edit", page);
        }

        var whole = await WithImageAsync(name, form, ct);
        if (!whole.Succeeded)
        {
            return Refuse(InForm(whole.Refused), "Edit", page);
        }

        var added = await issues.AddAsync(Me, MyHandle, name, whole.Value.ToWords(), ct);
        return added.Succeeded ? Saved(added.Value, form) : Refuse(InForm(added.Refused), "Edit", page);
    }

    [HttpGet("{id:long}/edit")]
    public async Task<IActionResult> Edit([FromRoute] string name, long id, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        return issue.State == IssueState.Draft
            ? View(await ComposerAsync(issue, Stored(issue), ct))
            : RedirectToAction(nameof(Show), new { name, id });
    }

    [HttpPost("{id:long}")]
    public async Task<IActionResult> Update([FromRoute] string name, long id, [Bind(Prefix = "Form")] IssueForm form, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        if (!ModelState.IsValid)
        {
            return Again("Edit", await ComposerAsync(issue, form, ct));
        }

        var whole = await WithImageAsync(name, form, ct);
        if (!whole.Succeeded)
        {
            return Refuse(InForm(whole.Refused), "Edit", await ComposerAsync(issue, form, ct));
        }

        var changed = await issues.UpdateAsync(Me, id, whole.Value.ToWords(), ct);
        if (form.Then == "auto")
        {
            Response.Headers["X-Base"] = changed.Succeeded ? $"{changed.Value.ChangedAt.Ticks}" : "";
            return StatusCode(changed.Succeeded ? StatusCodes.Status204NoContent : StatusCodes.Status409Conflict);
        }

        if (changed.Refused is Overtaken late)
        {
            // Saving once more from this page means to replace what is stored now.
            ModelState.Remove("Form.Base");
            var stored = (await FindAsync(name, id, ct))!;
            return Refuse(late, "Edit", await ComposerAsync(stored, form with { Base = stored.ChangedAt.Ticks }, ct) with { Stored = stored });
        }

        return changed.Succeeded ? Saved(changed.Value, form) : Refuse(InForm(changed.Refused), "Edit", await ComposerAsync(issue, form, ct));
    }

    [HttpPost("{id:long}/copies")]
    public async Task<IActionResult> Copy([FromRoute] string name, [FromRoute] long id, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is null || (await issues.CopyAsync(Me, id, ct)).Value is not { } copy)
        {
            return NotFound();
        }

        Say("A new draft with the same words. The earlier issue stays as it is.");
        return this.SeeOther($"/newsletters/{name}/issues/{copy.Id}/edit");
    }

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Show([FromRoute] string name, long id, string? state, long? after, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        if (issue.State == IssueState.Draft)
        {
            return RedirectToAction(nameof(Edit), new { name, id });
        }

        var wanted = Enum.TryParse<DeliveryState>(state, ignoreCase: true, out var known) ? known : (DeliveryState?)null;
        var rows = (await reports.DeliveriesAsync(Me, id, wanted, after, ct)).Value!;
        var older = rows.Count == Reports.PageSize ? $"?state={wanted?.ToString().ToLowerInvariant()}&after={rows[^1].SubscriberId}" : null;
        return View(new DeliveriesPage(issue, (await reports.ShowAsync(Me, id, false, ct)).Value!, rows, wanted?.ToString().ToLowerInvariant(), older));
    }

    /// <summary>Ends when the state is no longer what the page shows, so that the page loads anew with the right buttons.</summary>
    [HttpGet("{id:long}/events")]
    public Task Events([FromRoute] string name, long id, string? was, [FromServices] EventStream stream)
    {
        var me = Me;
        return stream.RunAsync(this, $"issue {id}", async (parts, ct) =>
            (await parts.GetRequiredService<Reports>().ShowAsync(me, id, false, ct)).Value is { } report && report.List == name && report.State.ToString() == was
                ? new LiveView($"{report.Sent}-{report.Failed}-{report.Unknown}-{report.Skipped}-{report.Deferred}-{report.Queued}-{report.Note?.Length}", "_Progress", report)
                : null);
    }

    /// <summary>The mail itself, as a document of an origin of its own: nothing in it can reach the house (V2).</summary>
    /// <param name="look"><c>text</c> for the plain part, <c>dark</c> for the way it looks at night.</param>
    [HttpGet("{id:long}/preview")]
    public async Task<IActionResult> Preview([FromRoute] string name, long id, string? look, long? reader, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is null)
        {
            return NotFound();
        }

        Response.Headers.ContentSecurityPolicy = PublicIssuesController.LetterPolicy;
        Response.Headers.CacheControl = "no-store";
        var preview = await issues.PreviewAsync(Me, id, ct, reader);
        return preview switch
        {
            { Refused: { } no } => Content($"It cannot be sent yet. {no.Message}"),
            _ when look == "text" => Content(preview.Value!.Text, "text/plain; charset=utf-8"),
            // The same bytes, as if the reader's system were dark.
            _ when look == "dark" => Content(preview.Value!.Html.Replace("@media (prefers-color-scheme:dark)", "@media all", StringComparison.Ordinal), "text/html; charset=utf-8"),
            _ => Content(preview.Value!.Html, "text/html; charset=utf-8"),
        };
    }

    [HttpPost("{id:long}/tests")]
    public async Task<IActionResult> Test([FromRoute] string name, long id, [FromForm] string? to, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        var page = await ComposerAsync(issue, Stored(issue), ct);
        var tested = await issues.TestAsync(Me, id, to, ct);
        return tested.Succeeded ? View("Edit", page with { Tested = tested.Value }) : Refuse(tested.Refused, "Edit", page);
    }

    private IActionResult Saved(IssuePage issue, IssueForm form)
    {
        if (form.Then == "send")
        {
            return this.SeeOther($"/newsletters/{issue.List}/issues/{issue.Id}/dispatch/new");
        }

        Say("Saved. Nothing was mailed to anybody.");
        return this.SeeOther($"/newsletters/{issue.List}/issues/{issue.Id}/edit");
    }

    private static IssueForm Stored(IssuePage issue) => new() { Subject = issue.Subject, Markdown = issue.Markdown, Base = issue.ChangedAt.Ticks };

    private async Task<ComposerPage> NewAsync(ListPage list, IssueForm form, CancellationToken ct) => new(list, null, form) { Segments = (await segments.ListAsync(Me, MyHandle, list.Name, ct)).Value ?? [] };

    private async Task<ComposerPage> ComposerAsync(IssuePage issue, IssueForm form, CancellationToken ct)
    {
        var parts = (await segments.ListAsync(Me, MyHandle, issue.List, ct)).Value ?? [];
        var chosen = form.Segment ?? parts.FirstOrDefault(s => s.Name == issue.Segment)?.Id ?? (issue.Segment is null ? 0 : null);
        return new ComposerPage((await ListAsync(issue.List, ct))!, issue, form with { Segment = chosen })
        {
            Segments = parts,
            Shown = (await issues.PreviewAsync(Me, issue.Id, ct)).Value,
            Checks = (await checks.CheckAsync(Me, issue.Id, ct)).Value ?? [],
            Readers = (await subscribers.ListAsync(Me, MyHandle, issue.List, SubscriberState.Confirmed, null, ct)).Value?.Take(3).ToList() ?? [],
        };
    }

    // The form with its image behind the text, when one came with it.
    private async Task<Services.Outcome<IssueForm>> WithImageAsync(string name, IssueForm form, CancellationToken ct)
    {
        if (form.Image is not { Length: > 0 } file)
        {
            return form.Then == "image" ? new Services.Refusal("Choose an image first.", "image") : form;
        }

        using var content = new MemoryStream();
        if (file.Length <= ListImages.MostBytes)
        {
            await file.CopyToAsync(content, ct);
        }

        var added = await images.AddAsync(Me, MyHandle, name, content.ToArray(), form.Alt, ct);
        return added.Succeeded ? form with { Markdown = $"{form.Markdown?.TrimEnd()}\n\n{added.Value.Markdown}\n" } : added.Refused;
    }

    // The front door names its own fields; on this page they stand below Form.
    private static Services.Refusal InForm(Services.Refusal no) => no is { Field: { } field } and not Services.NotThere ? no with { Field = $"Form.{char.ToUpperInvariant(field[0])}{field[1..]}" } : no;

    private async Task<ListPage?> ListAsync(string name, CancellationToken ct) => (await lists.ShowAsync(Me, MyHandle, name, ct)).Value;

    private async Task<IssuePage?> FindAsync(string name, long id, CancellationToken ct) =>
        (await issues.ShowAsync(Me, id, ct)).Value is { } issue && issue.Handle == MyHandle && issue.List == name ? issue : null;
}
