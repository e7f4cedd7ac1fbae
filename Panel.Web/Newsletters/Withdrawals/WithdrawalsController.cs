using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/issues/{id:long}/withdrawal")]
public sealed class WithdrawalsController(Issues issues, Archives archives) : PanelController
{
    [HttpPost("")]
    public Task<IActionResult> Create([FromRoute] string name, long id, CancellationToken ct) => MoveAsync(name, id, false, "Taken out. Its address says that it is gone.", ct);

    [HttpPost("end")]
    public Task<IActionResult> Destroy([FromRoute] string name, long id, CancellationToken ct) => MoveAsync(name, id, true, "It stands in the archive again.", ct);

    private async Task<IActionResult> MoveAsync(string name, long id, bool back, string said, CancellationToken ct)
    {
        if ((await issues.ShowAsync(Me, id, ct)).Value is not { } issue || issue.Handle != MyHandle || issue.List != name)
        {
            return NotFound();
        }

        var moved = await archives.WithdrawAsync(Me, id, back, ct);
        Say(moved.Refused is { } no ? no.Message : said);
        return this.SeeOther($"/newsletters/{name}/issues/{id}");
    }
}
