using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Audit;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

/// <param name="Of">Whose entries these are; null for everybody's.</param>
public sealed record AuditShown(IReadOnlyList<AuditPage> Entries, string? Of, string Path, string? Newer, string? Older);

[Area("Members"), Authorize(Policies.Member)]
public sealed class AuditController(AuditTrail trail) : PanelController
{
    /// <summary>Everybody's for an admin, or one member's; a member sees their own.</summary>
    [HttpGet("/audit")]
    public Task<IActionResult> Index(string? member, long? before, CancellationToken ct) =>
        ShowAsync("/audit", Me.IsAdmin ? member : member ?? MyHandle, member, before, ct);

    [HttpGet("/account/audit")]
    public Task<IActionResult> Show(long? before, CancellationToken ct) => ShowAsync("/account/audit", MyHandle, null, before, ct);

    private async Task<IActionResult> ShowAsync(string path, string? of, string? asked, long? before, CancellationToken ct)
    {
        var found = await trail.ListAsync(Me, of, before, ct);
        if (found.Value is not { } entries)
        {
            return NotFound();
        }

        string At(long? id)
        {
            var query = asked is null ? QueryString.Empty : QueryString.Create("member", asked);
            return path + (id is null ? query : query.Add("before", id.Value.ToString(CultureInfo.InvariantCulture)));
        }

        var older = entries.Count == AuditTrail.PageSize ? At(entries[^1].Id) : null;
        return View("~/Members/Audit/Index.cshtml", new AuditShown(entries, of, path, before is null ? null : At(null), older));
    }
}
