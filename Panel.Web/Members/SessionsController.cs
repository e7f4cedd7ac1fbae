using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/sessions"), Authorize(Policies.Member)]
public sealed class SessionsController(Sessions sessions) : PanelController
{
    [HttpPost("{id:long}/end")]
    public async Task<IActionResult> Destroy(long id, CancellationToken ct)
    {
        var ended = await sessions.EndAsync(Me, MyHandle, id, ct);
        if (ended.Refused is not null)
        {
            return NotFound();
        }

        Say("The session has ended.");
        return this.SeeOther("/account");
    }
}
