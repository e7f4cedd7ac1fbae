using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/issues")]
public sealed class IssuesController(Lists lists, Issues issues, Reports reports) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct) =>
        await ListAsync(name, ct) is { } list ? View(new IssuesPage(list, (await issues.ListAsync(Me, MyHandle, name, ct)).Value ?? [])) : NotFound();

    [HttpGet("new")]
    public async Task<IActionResult> New([FromRoute] string name, CancellationToken ct) =>
        await ListAsync(name, ct) is { } list ? View("Edit", new ComposerPage(list, null, new IssueForm())) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string name, [Bind(Prefix = "Form")] IssueForm form, CancellationToken ct)
    {
        if (await ListAsync(name, ct) is not { } list)
        {
            return NotFound();
        }

        var page = new ComposerPage(list, null, form);
        if (!ModelState.IsValid)
        {
            return Again("Edit", page);
        }

        var added = await issues.AddAsync(Me, MyHandle, name, form.ToWords(), ct);
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
            ? View(new ComposerPage((await ListAsync(name, ct))!, issue, new IssueForm { Subject = issue.Subject, Markdown = issue.Markdown }))
            : RedirectToAction(nameof(Show), new { name, id });
    }

    [HttpPost("{id:long}")]
    public async Task<IActionResult> Update([FromRoute] string name, long id, [Bind(Prefix = "Form")] IssueForm form, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        var page = new ComposerPage((await ListAsync(name, ct))!, issue, form);
        if (!ModelState.IsValid)
        {
            return Again("Edit", page);
        }

        var changed = await issues.UpdateAsync(Me, id, form.ToWords(), ct);
        return changed.Succeeded ? Saved(changed.Value, form) : Refuse(InForm(changed.Refused), "Edit", page);
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
    [HttpGet("{id:long}/preview")]
    public async Task<IActionResult> Preview([FromRoute] string name, long id, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is null)
        {
            return NotFound();
        }

        Response.Headers.ContentSecurityPolicy = PublicIssuesController.LetterPolicy;
        Response.Headers.CacheControl = "no-store";
        var preview = await issues.PreviewAsync(Me, id, ct);
        return preview.Refused is { } no ? Content($"It cannot be sent yet. {no.Message}") : Content(preview.Value!.Html, "text/html; charset=utf-8");
    }

    [HttpPost("{id:long}/tests")]
    public async Task<IActionResult> Test([FromRoute] string name, long id, [FromForm] string? to, CancellationToken ct)
    {
        if (await FindAsync(name, id, ct) is not { } issue)
        {
            return NotFound();
        }

        var page = new ComposerPage((await ListAsync(name, ct))!, issue, new IssueForm { Subject = issue.Subject, Markdown = issue.Markdown });
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

    // The front door names its own fields; on this page they stand below Form.
    private static Services.Refusal InForm(Services.Refusal no) => no is { Field: { } field } and not Services.NotThere ? no with { Field = $"Form.{field}" } : no;

    private async Task<ListPage?> ListAsync(string name, CancellationToken ct) => (await lists.ShowAsync(Me, MyHandle, name, ct)).Value;

    private async Task<IssuePage?> FindAsync(string name, long id, CancellationToken ct) =>
        (await issues.ShowAsync(Me, id, ct)).Value is { } issue && issue.Handle == MyHandle && issue.List == name ? issue : null;
}
