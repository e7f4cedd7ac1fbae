using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/databases"), Authorize(Policies.Member)]
public sealed class DatabasesController(Databases databases) : PanelController
{
    private const string Shown = "database";

    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await FilledAsync(new DatabaseForm(), ct));

    [HttpPost("")]
    public async Task<IActionResult> Create(DatabaseForm form, CancellationToken ct)
    {
        var added = await databases.AddAsync(Me, MyHandle, new NewDatabase(form.Name, form.Engine), ct);
        return added.Refused is { } no ? Refuse(no, nameof(Index), await FilledAsync(form, ct)) : ShowOnce(added.Value!);
    }

    [HttpPost("{name}/password")]
    public async Task<IActionResult> Update([FromRoute] string name, CancellationToken ct) =>
        (await databases.ResetAsync(Me, MyHandle, name, ct)).Value is { } opened ? ShowOnce(opened) : NotFound();

    [HttpGet("{name}/removal")]
    public async Task<IActionResult> Edit([FromRoute] string name, CancellationToken ct) =>
        (await databases.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? View("Removal", page) : NotFound();

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy([FromRoute] string name, CancellationToken ct)
    {
        if ((await databases.RemoveAsync(Me, MyHandle, name, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say($"Database {name} is out of service. The host keeps a dump of it for 30 days; an admin can give it to you.");
        return this.SeeOther("/databases");
    }

    private IActionResult ShowOnce(DatabaseOpened opened)
    {
        TempData[Shown] = JsonSerializer.Serialize(opened);
        return this.SeeOther("/databases");
    }

    private async Task<DatabaseForm> FilledAsync(DatabaseForm form, CancellationToken ct) => form with
    {
        Handle = MyHandle,
        All = (await databases.ListAsync(Me, MyHandle, ct)).Value ?? [],
        Opened = TempData[Shown] is string kept ? JsonSerializer.Deserialize<DatabaseOpened>(kept) : null,
    };
}

public sealed record DatabaseForm
{
    public string Handle { get; init; } = "";

    public IReadOnlyList<DatabasePage> All { get; init; } = [];

    public DatabaseOpened? Opened { get; init; }

    [Display(Name = "Name")]
    public string? Name { get; init; }

    public string? Engine { get; init; } = "mariadb";
}
