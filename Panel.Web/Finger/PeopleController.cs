using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Panel.Services.Finger;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), AllowAnonymous]
public sealed class PeopleController(FingerAccounts accounts, IOptions<FingerOptions> options) : PanelController
{
    // A template may not begin with a tilde, so the tilde is part of the parameter: /~ann.
    [HttpGet("/{person:regex(^~)}"), HttpHead("/{person:regex(^~)}")]
    public async Task<IActionResult> Show(string person, CancellationToken ct)
    {
        // Who hides now is not shown from somebody's cache.
        Response.Headers.CacheControl = "no-cache";
        if (await accounts.PublicAsync(person[1..], ct) is not var (name, text))
        {
            Response.StatusCode = StatusCodes.Status404NotFound;
            return View("Nobody");
        }

        var host = options.Value.Host;
        var report = options.Value.AbuseContact is { Length: > 0 } contact ? contact : $"abuse@{host}";
        return View(new PersonPage(name, $"{person[1..]}@{host}", System.Text.Encoding.UTF8.GetString(text.Span), report));
    }
}

public sealed record PersonPage(string Name, string Address, string Text, string ReportTo)
{
    public string ReportHref => $"mailto:{ReportTo}?subject={Uri.EscapeDataString($"Report: {Address}")}";
}
