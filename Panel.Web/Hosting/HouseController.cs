using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/house"), Authorize(Policies.Admin)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
public sealed class HouseController(HouseCopies copies, BackupKeys keys, Hosts hosts) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show(CancellationToken ct) => View(new HousePage(
        copies.List(Me).Value ?? [], (await keys.StateAsync(Me, ct)).Value!, [.. ((await hosts.ListAsync(Me, ct)).Value ?? []).Where(h => h.Facts?.BackupsOnSameDisk == true).Select(h => h.Name)]));

    [HttpPost("copies")]
    public async Task<IActionResult> Create(CancellationToken ct)
    {
        var made = await copies.MakeAsync(Me, ct);
        Say(made.Refused?.Message ?? $"The copy {made.Value!.Name} is made.");
        return this.SeeOther("/house");
    }

    // A form and not a link: a look-ahead must not note that somebody has the key.
    [HttpPost("backup-key")]
    public async Task<IActionResult> Update(CancellationToken ct) =>
        (await keys.DownloadAsync(Me, ct)).Value is { } text ? File(Encoding.UTF8.GetBytes(text), "text/plain", "panel-backup-key.txt") : NotFound();
}

/// <param name="SameDisk">Hosts whose backups lie on the disk of their accounts.</param>
public sealed record HousePage(IReadOnlyList<HouseCopy> Copies, BackupKeyState Key, IReadOnlyList<string> SameDisk);
