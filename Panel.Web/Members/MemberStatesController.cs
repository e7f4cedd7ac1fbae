using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/members/{handle}"), Authorize(Policies.Admin)]
public sealed class MemberStatesController(Services.Members.Members members) : PanelController
{
    [HttpPost("suspension")]
    public async Task<IActionResult> Suspend(string handle, CancellationToken ct) =>
        Answer(handle, await members.SuspendAsync(Me, handle, ct), $"{handle} is suspended. Nothing is lost.");

    [HttpPost("resumption")]
    public async Task<IActionResult> Resume(string handle, CancellationToken ct) =>
        Answer(handle, await members.ResumeAsync(Me, handle, ct), $"{handle} is back.");

    [HttpPost("package")]
    public async Task<IActionResult> Update(string handle, string? package, CancellationToken ct) =>
        Answer(handle, await members.ChangePackageAsync(Me, handle, package ?? "", ct), $"{handle} has the package {package}.");

    [HttpPost("invitation")]
    public async Task<IActionResult> Invite(string handle, CancellationToken ct)
    {
        var invited = await members.InviteAgainAsync(Me, handle, ct);
        TempData["invite"] = invited.Value?.InviteUrl.ToString();
        return Answer(handle, invited, "A new link is ready. The one before it is closed.");
    }

    [HttpGet("removal")]
    public async Task<IActionResult> Remove(string handle, CancellationToken ct)
    {
        var found = await members.ShowAsync(Me, handle, ct);
        return found.Value is { State: not "removed" } member ? View("~/Members/Removals/New.cshtml", member) : NotFound();
    }

    [HttpPost("removal")]
    public async Task<IActionResult> Destroy(string handle, CancellationToken ct) =>
        Answer(handle, await members.RemoveAsync(Me, handle, ct), $"{handle} is removed. The files stay on the host for 30 days.");

    private IActionResult Answer<T>(string handle, Outcome<T> outcome, string done)
    {
        if (outcome.Refused is NotThere)
        {
            return NotFound();
        }

        Say(outcome.Refused?.Message ?? done);
        return this.SeeOther($"/members/{handle}");
    }
}
