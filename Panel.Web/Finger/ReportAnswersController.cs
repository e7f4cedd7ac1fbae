using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Finger.Reports;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Admin)]
public sealed class ReportAnswersController(FingerReports reports) : PanelController
{
    [HttpPost("/care/reports/{id:long}")]
    public async Task<IActionResult> Create([FromRoute] long id, [FromForm] string? answer, [FromForm] string? reason, CancellationToken ct)
    {
        var answered = await reports.AnswerAsync(Me, id, new ReportAnswer(answer switch { "takedown" => true, "dismissal" => false, _ => null }, reason), ct);
        if (answered.Refused is NotThere)
        {
            return NotFound();
        }

        Say(answered.Refused?.Message ?? (answered.Value!.State == "takenDown"
            ? $"Taken down: {answered.Value.Handle} answers as if there were no such member, and has been told why."
            : "Dismissed: the page stays as it is."));
        return this.SeeOther("/care");
    }
}
