using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Reports;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Admin)]
public sealed class WithholdingsController(FingerAccounts accounts, FingerReports reports, FingerCounters counters) : PanelController
{
    [HttpGet("/care")]
    public async Task<IActionResult> Index(CancellationToken ct) => View("~/Finger/Accounts/Care.cshtml", new CareRoom(
        (await accounts.CareAsync(Me, ct)).Value ?? [], (await reports.ListAsync(Me, ct)).Value ?? [], counters.Show(Me).Value));

    [HttpPost("/finger/{handle}/withholding")]
    public Task<IActionResult> Create([FromRoute] string handle, [FromForm] string? reason, CancellationToken ct) =>
        SetAsync(handle, true, reason, "Withheld: from now on this handle answers as if there were no such member.", ct);

    [HttpPost("/finger/{handle}/withholding/end")]
    public Task<IActionResult> Destroy([FromRoute] string handle, CancellationToken ct) =>
        SetAsync(handle, false, null, "Given back: the member decides again what is answered.", ct);

    private async Task<IActionResult> SetAsync(string handle, bool withheld, string? reason, string said, CancellationToken ct)
    {
        var set = await accounts.SetAsync(Me, handle, new FingerChanges(Withheld: withheld, WithheldReason: reason), ct);
        if (set.Refused is NotThere)
        {
            return NotFound();
        }

        Say(set.Refused?.Message ?? said);
        Response.Headers.Location = $"/finger/{handle}";
        return StatusCode(StatusCodes.Status303SeeOther);
    }
}

public sealed record CareRoom(IReadOnlyList<CarePage> Accounts, IReadOnlyList<ReportPage> Reports, CountersPage? Counters)
{
    public IEnumerable<ReportPage> Open => Reports.Where(r => r.State == "open");

    /// <summary>What was asked for in words, what never came left out.</summary>
    public IEnumerable<(string Words, long Count)> Asked => Counters is null ? [] : Words.Select(w => (w.Value, Counters.Queries.GetValueOrDefault(w.Key))).Where(a => a.Item2 > 0);

    private static IReadOnlyDictionary<string, string> Words { get; } = new Dictionary<string, string>
    {
        ["shown"] = "A member was shown",
        ["listed"] = "A list was sent",
        ["listDenied"] = "The list was denied",
        ["nobody"] = "Nobody has that name",
        ["forwardingDenied"] = "Forwarding was denied",
        ["nothingAsked"] = "Nothing was asked",
        ["tooLong"] = "The query was too long",
        ["tooSlow"] = "The query did not come in time",
        ["full"] = "The house was full",
        ["crowded"] = "Too many from one address",
        ["gone"] = "The asker went away",
        ["broken"] = "The look-up broke",
    };

    public IEnumerable<ReportPage> Answered => Reports.Where(r => r.State != "open");
}
