using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Localization;
using Panel.Services.Newsletters;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record PreferencesView(ReaderPage Reader, string Token, string? Said = null);

/// <summary>No cookie is read or set: the token in the address is all there is.</summary>
[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, Route("p/{token}")]
public sealed class PreferencesController(Preferences preferences) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string token, CancellationToken ct) => Page(token, await preferences.LookAsync(token, ct), null);

    [HttpPost("")]
    public async Task<IActionResult> Update([FromRoute] string token, [FromForm] string? name, [FromForm] Dictionary<string, string>? fields, CancellationToken ct) =>
        await PageAsync(token, await preferences.ChangeAsync(token, new ReaderChange(name, fields), ct), Phrases.Key("Saved."), ct);

    [HttpPost("pause")]
    public async Task<IActionResult> Pause([FromRoute] string token, [FromForm] string? until, CancellationToken ct) =>
        await PageAsync(token, await preferences.PauseAsync(token, DateOnly.TryParseExact(until, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null, ct), Phrases.Key("Paused."), ct);

    [HttpPost("pause/end")]
    public async Task<IActionResult> Resume([FromRoute] string token, CancellationToken ct) =>
        await PageAsync(token, await preferences.ResumeAsync(token, ct), Phrases.Key("The newsletter comes again."), ct);

    [HttpPost("tracking")]
    public async Task<IActionResult> Track([FromRoute] string token, CancellationToken ct) =>
        await PageAsync(token, await preferences.TrackAsync(token, yes: true, ct), Phrases.Key("It is counted from now on."), ct);

    [HttpPost("tracking/end")]
    public async Task<IActionResult> EndTrack([FromRoute] string token, CancellationToken ct) =>
        await PageAsync(token, await preferences.TrackAsync(token, yes: false, ct), Phrases.Key("Deleted. Nothing is counted any more."), ct);

    [HttpPost("copy")]
    public async Task<IActionResult> Copy([FromRoute] string token, CancellationToken ct) =>
        await PageAsync(token, await preferences.AskCopyAsync(token, ct), Phrases.Key("A mail with a link is on its way to your address."), ct);

    private async Task<IActionResult> PageAsync(string token, Outcome<ReaderPage> outcome, string said, CancellationToken ct)
    {
        if (outcome.Refused is not { } no || no is NotThere)
        {
            return Page(token, outcome, said);
        }

        var page = (await preferences.LookAsync(token, ct)).Value!;
        return Refuse(no, nameof(Show), new PreferencesView(page, token));
    }

    private IActionResult Page(string token, Outcome<ReaderPage> outcome, string? said)
    {
        Response.Headers.CacheControl = "no-store";
        return outcome.Value is { } reader ? View(nameof(Show), new PreferencesView(reader, token, said)) : NotFound();
    }
}
