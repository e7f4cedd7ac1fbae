using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Writing;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

/// <summary>The last screen before sending, and every move after it.</summary>
[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/issues/{id:long}")]
public sealed class DispatchesController(Dispatches dispatches, IssueChecks checks, IOptions<NewslettersOptions> options) : PanelController
{
    [HttpGet("dispatch/new")]
    public async Task<IActionResult> New([FromRoute] string name, long id, DispatchForm form, CancellationToken ct)
    {
        if (await PlanAsync(name, id, form, ct) is not { } plan)
        {
            return NotFound();
        }

        if (plan.Refused is { } no)
        {
            ModelState.AddModelError(no.Field == "at" ? nameof(DispatchForm.At) : "", no.Message);
        }

        NameUnknownZone(form);
        return View(DispatchView.Of(plan, form, options.Value.Zone));
    }

    [HttpPost("dispatch")]
    public async Task<IActionResult> Create([FromRoute] string name, long id, DispatchForm form, CancellationToken ct)
    {
        if (await PlanAsync(name, id, form, ct) is not { } plan)
        {
            return NotFound();
        }

        var view = DispatchView.Of(plan, form, options.Value.Zone);
        if (NameUnknownZone(form))
        {
            return Again(nameof(New), view);
        }

        var sent = await dispatches.SendAsync(Me, id, form.Due, form.ZoneInfo?.Id, ct);
        return sent.Refused is { } no ? Refuse(no with { Field = no.Field == "at" ? nameof(DispatchForm.At) : null }, nameof(New), view) : Done(name, id, "It is on its way. Until it starts you can take it back whole.");
    }

    [HttpPost("dispatch/end")]
    public async Task<IActionResult> Destroy([FromRoute] string name, long id, CancellationToken ct) =>
        Moved(name, id, await dispatches.TakeBackAsync(Me, id, ct), "It is a draft again. Nobody was mailed.");

    [HttpPost("pause")]
    public async Task<IActionResult> Pause([FromRoute] string name, long id, CancellationToken ct) =>
        Moved(name, id, await dispatches.PauseAsync(Me, id, ct), "Paused. No further mail leaves.");

    [HttpPost("pause/end")]
    public async Task<IActionResult> Resume([FromRoute] string name, long id, CancellationToken ct) =>
        Moved(name, id, await dispatches.ResumeAsync(Me, id, ct), "It goes on.");

    [HttpPost("cancellation")]
    public async Task<IActionResult> Cancel([FromRoute] string name, long id, CancellationToken ct) =>
        Moved(name, id, await dispatches.CancelAsync(Me, id, ct), "Cancelled for good.");

    [HttpPost("retry")]
    public async Task<IActionResult> Retry([FromRoute] string name, long id, CancellationToken ct) =>
        Moved(name, id, await dispatches.RetryAsync(Me, id, unknown: false, ct), "Those who were refused are tried again, and nobody else.");

    // A zone that nobody knows must not quietly become another time.
    private bool NameUnknownZone(DispatchForm form)
    {
        if (form.ZoneInfo is not null)
        {
            return false;
        }

        ModelState.AddModelError(nameof(DispatchForm.Zone), $"{form.Zone} is no time zone. Write it like Europe/Berlin, or UTC.");
        return true;
    }

    private IActionResult Moved(string name, long id, Outcome<IssuePage> outcome, string said) => outcome.Refused switch
    {
        null => Done(name, id, said),
        NotThere => NotFound(),
        var no => Done(name, id, no.Message),
    };

    private IActionResult Done(string name, long id, string said)
    {
        Say(said);
        return this.SeeOther($"/newsletters/{name}/issues/{id}");
    }

    private async Task<DispatchPlan?> PlanAsync(string name, long id, DispatchForm form, CancellationToken ct) =>
        (await dispatches.PlanAsync(Me, id, form.Due, ct)).Value is { } plan && plan.Issue.Handle == MyHandle && plan.Issue.List == name
            ? plan with { Checks = [.. ((await checks.CheckAsync(Me, id, ct)).Value ?? []).Where(c => c.What is not "postal address" and not "text")] }
            : null;
}
