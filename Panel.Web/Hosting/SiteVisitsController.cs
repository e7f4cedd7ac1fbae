using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/sites/{name}"), Authorize(Policies.Member)]
public sealed class SiteVisitsController(Traffic traffic, SiteSettings settings, Sites sites) : PanelController
{
    private const int ShownLines = 100;

    [HttpGet("visits")]
    public async Task<IActionResult> Show([FromRoute] string name, CancellationToken ct) =>
        (await traffic.ShowAsync(Me, MyHandle, name, null, null, ct)).Value is { } page ? View("~/Hosting/Sites/Visits.cshtml", page) : NotFound();

    [HttpGet("log")]
    public async Task<IActionResult> Index([FromRoute] string name, CancellationToken ct)
    {
        var read = await settings.LogAsync(Me, MyHandle, name, ct);
        return read.Refused switch
        {
            Services.NotThere => NotFound(),
            { } no => View("~/Hosting/Sites/Log.cshtml", new LogShow(MyHandle, name, [], 0, no.Message)),
            null => View("~/Hosting/Sites/Log.cshtml", new LogShow(MyHandle, name, [.. read.Value!.Steps.TakeLast(ShownLines)], read.Value.Steps.Count, null)),
        };
    }

    [HttpGet("log.jsonl")]
    public async Task<IActionResult> Download([FromRoute] string name, CancellationToken ct)
    {
        var read = await settings.LogAsync(Me, MyHandle, name, ct);
        return read.Refused is null ? File(Encoding.UTF8.GetBytes(string.Join('\n', read.Value!.Steps) + "\n"), "application/octet-stream", $"{name}.jsonl") : NotFound();
    }

    [HttpPost("settings")]
    public async Task<IActionResult> Update([FromRoute] string name, [FromForm] string? https, [FromForm] string? canonical, [FromForm] string? php, CancellationToken ct)
    {
        var changed = await settings.ChangeAsync(Me, MyHandle, name, new SiteChange(https == "on", canonical ?? "", php), ct);
        if (changed.Refused is { } no)
        {
            return (await sites.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? Refuse(no, "~/Hosting/Sites/Show.cshtml", new SiteShow(page, null)) : NotFound();
        }

        Say($"{name} answers so from now on.");
        return this.SeeOther($"/sites/{name}");
    }
}

/// <summary>The last lines of a site's log, of how many, or why there are none.</summary>
public sealed record LogShow(string Handle, string Name, IReadOnlyList<string> Lines, int All, string? Trouble);
