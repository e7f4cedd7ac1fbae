using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Reports;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

/// <summary>No cookie is read here and none is set, so there is nothing that a forged form could use.</summary>
[Area("Finger"), AllowAnonymous, IgnoreAntiforgeryToken, Route("{person:regex(^~)}/report")]
public sealed class ReportsController(FingerReports reports, FingerAccounts accounts, IOptions<FingerOptions> options) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> New([FromRoute] string person, CancellationToken ct) =>
        await PageAsync(person, ct) is { } page ? View(page) : NotFound();

    [HttpPost("")]
    public async Task<IActionResult> Create([FromRoute] string person, ReportForm form, CancellationToken ct)
    {
        if (await PageAsync(person, ct) is not { } page)
        {
            return NotFound();
        }

        // The field that people do not see was filled in by a program, which learns nothing from the answer.
        var added = string.IsNullOrEmpty(form.Website)
            ? await reports.AddAsync(person[1..], new NewReport(form.Reason, form.Text, form.Contact), HttpContext.Connection.RemoteIpAddress, ct) : Done.It;
        return added.Refused switch
        {
            null => View("Thanks", page),
            NotThere => NotFound(),
            var no => Refuse(no with { Field = ReportForm.FieldOf(no.Field) }, nameof(New), page with { Reason = form.Reason, Text = form.Text, Contact = form.Contact }),
        };
    }

    private async Task<ReportAsk?> PageAsync(string person, CancellationToken ct)
    {
        Response.Headers.CacheControl = "no-cache";
        return await accounts.PublicAsync(person[1..], ct) is { } found ? new ReportAsk(found.Card.Handle, found.Address, options.Value.AbuseContact) : null;
    }
}

public sealed class ReportForm
{
    public ReportReason? Reason { get; set; }

    public string? Text { get; set; }

    public string? Contact { get; set; }

    /// <summary>Hidden from people.</summary>
    public string? Website { get; set; }

    internal static string? FieldOf(string? field) => field switch { "reason" => nameof(Reason), "text" => nameof(Text), "contact" => nameof(Contact), _ => null };
}

/// <param name="WriteTo">An address for those who would rather write, or empty.</param>
public sealed record ReportAsk(string Handle, string Address, string WriteTo)
{
    public ReportReason? Reason { get; init; }

    public string? Text { get; init; }

    public string? Contact { get; init; }

    public static IReadOnlyList<(ReportReason Reason, string Words)> Reasons { get; } =
    [
        (ReportReason.Commands, "It tells people to run commands"), (ReportReason.Impersonation, "It pretends to be somebody else"), (ReportReason.Harassment, "It attacks or threatens somebody"),
        (ReportReason.Privacy, "It tells private things of somebody"), (ReportReason.Unlawful, "It is unlawful"), (ReportReason.Spam, "It is advertising or spam"), (ReportReason.Other, "Something else"),
    ];

    public IEnumerable<SelectListItem> Choices =>
        Reasons.Select(r => new SelectListItem(r.Words, r.Reason.ToString(), r.Reason == Reason)).Prepend(new SelectListItem("Choose one", ""));

    public static string WordsOf(ReportReason reason) => Reasons.First(r => r.Reason == reason).Words;
}
