using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Approving;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

/// <param name="IsMine">Whose issue it is cannot decide on it.</param>
public sealed record ApprovalView(ApprovalPage Issue, bool IsMine, string? Why = null);

/// <summary>The second pair of eyes. Looking changes nothing; yes and no are POSTs (V8).</summary>
[Area("Newsletters"), Authorize(Policies.Member), Route("approvals")]
public sealed class ApprovalsController(Approvals approvals) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await approvals.WaitingAsync(Me, ct));

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Show([FromRoute] long id, CancellationToken ct) =>
        (await approvals.ShowAsync(Me, id, ct)).Value is { } issue ? View(new ApprovalView(issue, issue.Handle == MyHandle)) : NotFound();

    [HttpGet("{id:long}/preview")]
    public async Task<IActionResult> Preview([FromRoute] long id, CancellationToken ct)
    {
        var preview = await approvals.PreviewAsync(Me, id, ct);
        if (preview.Refused is NotThere)
        {
            return NotFound();
        }

        Response.Headers.ContentSecurityPolicy = PublicIssuesController.LetterPolicy;
        Response.Headers.CacheControl = "no-store";
        return preview.Succeeded ? Content(preview.Value.Html, "text/html; charset=utf-8") : Content($"It cannot be sent yet. {preview.Refused.Message}");
    }

    [HttpPost("{id:long}")]
    public async Task<IActionResult> Create([FromRoute] long id, [FromForm] string? version, CancellationToken ct) =>
        await SaidAsync(id, await approvals.ApproveAsync(Me, id, version, ct), null, "Approved. It can be sent off now, by somebody else than you.", ct);

    [HttpPost("{id:long}/objection")]
    public async Task<IActionResult> Destroy([FromRoute] long id, [FromForm] string? version, [FromForm] string? why, CancellationToken ct) =>
        await SaidAsync(id, await approvals.ObjectAsync(Me, id, version, why, ct), why, "Said. Its author reads your words beside the issue.", ct);

    [HttpPost("{id:long}/request")]
    public async Task<IActionResult> Ask([FromRoute] long id, CancellationToken ct) =>
        await SaidAsync(id, await approvals.AskAsync(Me, id, ct), null, "Asked. The answer comes to you by mail.", ct);

    private async Task<IActionResult> SaidAsync(long id, Outcome<ApprovalPage> outcome, string? why, string said, CancellationToken ct)
    {
        if (outcome.Refused is { } no)
        {
            return (await approvals.ShowAsync(Me, id, ct)).Value is { } issue ? Refuse(no, nameof(Show), new ApprovalView(issue, issue.Handle == MyHandle, why)) : NotFound();
        }

        Say(said);
        return this.SeeOther($"/approvals/{id}");
    }
}
