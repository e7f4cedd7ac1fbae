using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters")]
public sealed class ListsController(Lists lists, SenderDomains senders) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View((await lists.ListAsync(Me, MyHandle, ct)).Value);

    [HttpGet("new")]
    public IActionResult New() => View(new ListForm());

    [HttpPost("")]
    public async Task<IActionResult> Create(ListForm form, CancellationToken ct)
    {
        if (!ModelState.IsValid)
        {
            return Again(nameof(New), form);
        }

        var added = await lists.AddAsync(Me, MyHandle, form.ToNew(), ct);
        return added.Refused is { } no ? Refuse(no, nameof(New), form) : RedirectToAction(nameof(Show), new { name = form.Name });
    }

    [HttpGet("{name}")]
    public async Task<IActionResult> Show([FromRoute] string name, CancellationToken ct)
    {
        if (await lists.ShowAsync(Me, MyHandle, name, ct) is not { Value: { } list })
        {
            return NotFound();
        }

        var domains = (await senders.ListAsync(Me, MyHandle, ct)).Value!;
        return View(new ListView(list, domains.FirstOrDefault(d => list.FromEmail.EndsWith("@" + d.Domain, StringComparison.OrdinalIgnoreCase))));
    }

    [HttpGet("{name}/edit")]
    public async Task<IActionResult> Edit([FromRoute] string name, CancellationToken ct) =>
        await lists.ShowAsync(Me, MyHandle, name, ct) is { Value: { } list } ? View(ListEditForm.Of(list)) : NotFound();

    [HttpPost("{name}")]
    public async Task<IActionResult> Update([FromRoute] string name, ListEditForm form, CancellationToken ct)
    {
        var changed = await lists.UpdateAsync(Me, MyHandle, name, form.ToChange(), ct);
        if (changed.Refused is { } no)
        {
            return Refuse(no, nameof(Edit), form with { Name = name });
        }

        Say("Saved. Nothing was mailed to anybody.");
        return RedirectToAction(nameof(Show), new { name });
    }
}
