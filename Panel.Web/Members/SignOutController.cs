using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/sign-out"), Authorize(Policies.Member)]
public sealed class SignOutController : PanelController
{
    [HttpPost("")]
    public async Task<IActionResult> Create(CancellationToken ct)
    {
        await HttpContext.EndSessionAsync(ct);
        return this.SeeOther("/sign-in");
    }
}
