using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/segments")]
public sealed class SegmentsController(Lists lists, Segments segments) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct) =>
        await PageAsync(name, null, new SegmentForm(), ct) is { } page ? View(page) : NotFound();

    [HttpGet("{id:long}")]
    public async Task<IActionResult> Edit([FromRoute] string name, [FromRoute] long id, CancellationToken ct) =>
        (await segments.ShowAsync(Me, MyHandle, name, id, ct)).Value is { } segment && await PageAsync(name, segment, SegmentForm.Of(segment), ct) is { } page ? View(nameof(Index), page) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string name, SegmentForm form, CancellationToken ct)
    {
        var rule = form.ToRule();
        var added = rule.Succeeded ? await segments.AddAsync(Me, MyHandle, name, form.Name, rule.Value, ct) : rule.Refused;
        return await KeptAsync(name, null, form, added, ct);
    }

    [HttpPost("{id:long}")]
    public async Task<IActionResult> Update([FromRoute] string name, [FromRoute] long id, SegmentForm form, CancellationToken ct)
    {
        if ((await segments.ShowAsync(Me, MyHandle, name, id, ct)).Value is not { } open)
        {
            return NotFound();
        }

        var rule = form.ToRule();
        var changed = rule.Succeeded ? await segments.UpdateAsync(Me, MyHandle, name, id, form.Name, rule.Value, ct) : rule.Refused;
        return await KeptAsync(name, open, form, changed, ct);
    }

    [HttpPost("{id:long}/end")]
    public async Task<IActionResult> Destroy([FromRoute] string name, [FromRoute] long id, CancellationToken ct)
    {
        if ((await segments.RemoveAsync(Me, MyHandle, name, id, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say("Removed. The people stay on the list.");
        return this.SeeOther($"/newsletters/{name}/segments");
    }

    private async Task<IActionResult> KeptAsync(string name, SegmentPage? open, SegmentForm form, Outcome<SegmentPage> kept, CancellationToken ct)
    {
        if (kept.Refused is { } no)
        {
            return await PageAsync(name, open, form, ct) is { } page ? Refuse(no.Field is null ? no : no with { Field = no.Field == "name" ? "Name" : "Rows" }, nameof(Index), page) : NotFound();
        }

        Say($"{kept.Value!.Name}: {(kept.Value.People == 1 ? "1 person" : $"{kept.Value.People:N0} people")}.");
        return this.SeeOther($"/newsletters/{name}/segments");
    }

    private async Task<SegmentsView?> PageAsync(string name, SegmentPage? open, SegmentForm form, CancellationToken ct) =>
        (await lists.ShowAsync(Me, MyHandle, name, ct)).Value is { } list ? new SegmentsView(list, (await segments.ListAsync(Me, MyHandle, name, ct)).Value ?? [], open, form) : null;
}
