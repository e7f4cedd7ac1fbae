using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/export"), Authorize(Policies.Member)]
public sealed class ExportsController(MemberExports exports) : PanelController
{
    [HttpGet("")]
    public IActionResult Show() => View("~/Members/Account/Export.cshtml", MyHandle);

    // A post, because it writes an audit entry and makes the host work.
    [HttpPost("")]
    public async Task<IActionResult> Create(CancellationToken ct)
    {
        if ((await exports.BeginAsync(Me, MyHandle, ct)).Refused is not null)
        {
            return NotFound();
        }

        Response.ContentType = "application/gzip";
        Response.Headers.ContentDisposition = $"attachment; filename=\"{MyHandle}.tar.gz\"";
        await exports.WriteAsync(Me, MyHandle, Response.BodyWriter.AsStream(), ct);
        return new EmptyResult();
    }
}
