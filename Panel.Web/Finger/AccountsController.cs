using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Homes;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Member)]
public sealed class AccountsController(FingerAccounts accounts, Homes homes) : PanelController
{
    [HttpGet("/finger")]
    public Task<IActionResult> Index(CancellationToken ct) => Edit(MyHandle, null, ct);

    [HttpGet("/finger/{handle}")]
    public async Task<IActionResult> Edit([FromRoute] string handle, long? plan, CancellationToken ct, int? start = null)
    {
        var shown = await accounts.ShowAsync(Me, handle, ct);
        if (!shown.Succeeded)
        {
            return Refuse(shown.Refused, nameof(Edit), null);
        }

        var form = AccountForm.Of(shown.Value);
        if (plan is not null && (await accounts.PlansAsync(Me, handle, ct)).Value?.FirstOrDefault(p => p.Id == plan) is { } earlier)
        {
            form.Plan = earlier.Plan;
        }

        if (start is { } n && string.IsNullOrEmpty(form.Plan) && EditorPage.Starters.ElementAtOrDefault(n) is { Text: { } text })
        {
            form.Plan = text;
        }

        return View(nameof(Edit), await PageAsync(shown.Value, form, ct));
    }

    /// <summary>The plan changed here and in the member's own file: which of the two stays.</summary>
    [HttpPost("/finger/{handle}/home/{file}")]
    public async Task<IActionResult> Choose([FromRoute] string handle, [FromRoute] string file, [FromForm] string? keep, CancellationToken ct)
    {
        var chosen = await homes.SetAsync(Me, handle, file, keep == "file", ct);
        if (chosen.Refused is NotThere)
        {
            return NotFound();
        }

        Say(chosen.Refused?.Message ?? (keep == "file" ? $"Your file ~/.{file} is what everybody gets now." : $"The panel's text stays, and is written to ~/.{file}."));
        Response.Headers.Location = $"/finger/{handle}";
        return StatusCode(StatusCodes.Status303SeeOther);
    }

    [HttpPost("/finger/{handle}")]
    public async Task<IActionResult> Update(string handle, AccountForm form, CancellationToken ct)
    {
        var set = await accounts.SetAsync(Me, handle, form.Changes(), ct);
        if (set.Succeeded)
        {
            Say("Saved. This is what everybody gets from now on.");
            Response.Headers.Location = $"/finger/{set.Value.Handle}";
            return StatusCode(StatusCodes.Status303SeeOther);
        }

        var shown = await accounts.ShowAsync(Me, handle, ct);
        if (!shown.Succeeded)
        {
            return Refuse(shown.Refused, nameof(Edit), null);
        }

        var overtaken = set.Refused is InTheWay { Field: "version" };
        if (overtaken)
        {
            // The next press of the button is made in full sight of what it replaces.
            ModelState.Remove(nameof(form.Version));
            form.Version = shown.Value.Version;
        }

        return Refuse(set.Refused, nameof(Edit), await PageAsync(shown.Value, form, ct) with { Overtaken = overtaken });
    }

    /// <summary>What would be sent if the form were saved: a part of the page for a script, the whole page without one.</summary>
    [HttpPost("/finger/{handle}/preview")]
    public async Task<IActionResult> Show(string handle, AccountForm form, CancellationToken ct)
    {
        var shown = await accounts.ShowAsync(Me, handle, ct);
        if (!shown.Succeeded)
        {
            return Refuse(shown.Refused, nameof(Edit), null);
        }

        var page = await PageAsync(shown.Value, form, ct);
        Response.Headers.Vary = "HX-Request";
        return Request.Headers.ContainsKey("HX-Request") ? PartialView("_Terminal", page.Preview) : View(nameof(Edit), page);
    }

    private async Task<EditorPage> PageAsync(FingerPage stored, AccountForm form, CancellationToken ct)
    {
        var bytes = await accounts.PreviewAsync(Me, stored.Handle, form.Changes(), ct);
        var waiting = ((await homes.ListAsync(Me, stored.Handle, ct)).Value ?? []).Where(h => h.Other is not null || h.Problem is not null).ToList();
        return new EditorPage(stored, form, Terminal.Of(bytes.Value, form.Plan), waiting, stored.Handle == MyHandle, Me.IsAdmin);
    }
}
