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
    public async Task<IActionResult> Edit([FromRoute] long id, string? find, string? path, CancellationToken ct)
    {
        if (await FilledAsync(id, new RestoreForm { Find = find, Path = path }, ct) is not { } form)
        {
            return NotFound();
        }

        if (string.IsNullOrEmpty(find))
        {
            return View(form);
        }

        var found = await backups.FindAsync(Me, MyHandle, id, find, ct);
        return found.Refused is { } no ? Refuse(no, nameof(Edit), form) : View(form with { Found = found.Value });
    }

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

    public string? Find { get; init; }

    public Found? Found { get; init; }

    public string? What { get; init; } = "path";

    [Display(Name = "File or folder")]
    public string? Path { get; init; }

    public string? Database { get; init; }

    [Display(Name = "Put it beside, into a folder of its own in my home")]
    public bool Beside { get; init; } = true;
}
