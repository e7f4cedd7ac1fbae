using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/backups"), Authorize(Policies.Member)]
public sealed class BackupsController(Backups backups, Databases databases) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) =>
        View(new BackupsPage(MyHandle, (await backups.ListAsync(Me, MyHandle, ct)).Value ?? [], await backups.AreOnSameDiskAsync(Me, MyHandle, ct)));

    [HttpPost("")]
    public async Task<IActionResult> Create(CancellationToken ct)
    {
        var made = await backups.MakeAsync(Me, MyHandle, ct);
        Say(made.Refused?.Message ?? $"Backup {made.Value!.Id} is made: {Bytes.Words(made.Value.Bytes)}.");
        return this.SeeOther("/backups");
    }

    [HttpGet("{id:long}/restore")]
    public async Task<IActionResult> Edit([FromRoute] long id, CancellationToken ct) =>
        await FilledAsync(id, new RestoreForm(), ct) is { } form ? View(form) : NotFound();

    [HttpPost("{id:long}/restore")]
    public async Task<IActionResult> Update([FromRoute] long id, RestoreForm form, CancellationToken ct)
    {
        if (await FilledAsync(id, form, ct) is not { } filled)
        {
            return NotFound();
        }

        var wish = form.What switch
        {
            "path" => new RestoreWish(form.Path ?? "", null, form.Beside),
            "database" => new RestoreWish(null, form.Database ?? "", form.Beside),
            _ => new RestoreWish(Beside: form.Beside),
        };
        var done = await backups.RestoreAsync(Me, MyHandle, id, wish, ct);
        if (done.Refused is { } no)
        {
            return Refuse(no, nameof(Edit), filled);
        }

        var notes = done.Value!.Notes.Count > 0 ? $" Not restored: {string.Join("; ", done.Value.Notes)}" : "";
        Say($"Restored {done.Value.What} {done.Value.Where}.{notes}");
        return this.SeeOther("/backups");
    }

    private async Task<RestoreForm?> FilledAsync(long id, RestoreForm form, CancellationToken ct) =>
        (await backups.ListAsync(Me, MyHandle, ct)).Value?.FirstOrDefault(b => b.Id == id) is { } backup
            ? form with { Handle = MyHandle, Backup = backup, Databases = [.. (await databases.ListAsync(Me, MyHandle, ct)).Value!.Select(d => d.Name)] }
            : null;
}

public sealed record BackupsPage(string Handle, IReadOnlyList<BackupPage> Backups, bool SameDisk);

public sealed record RestoreForm
{
    public string Handle { get; init; } = "";

    public BackupPage? Backup { get; init; }

    public IReadOnlyList<string> Databases { get; init; } = [];

    public string? What { get; init; } = "path";

    [Display(Name = "File or folder")]
    public string? Path { get; init; }

    public string? Database { get; init; }

    [Display(Name = "Put it beside, into a folder of its own in my home")]
    public bool Beside { get; init; } = true;
}
