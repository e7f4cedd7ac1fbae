using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/keys"), Authorize(Policies.Member)]
public sealed class KeysController(Keys keys) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await FormAsync(null, ct));

    [HttpPost("")]
    public async Task<IActionResult> Create([FromForm(Name = nameof(KeysPage.PublicKey))] string? publicKey, CancellationToken ct)
    {
        var added = await keys.AddAsync(Me, MyHandle, new NewKey(publicKey), ct);
        if (added.Refused is { } no)
        {
            // A private key must not go out again, not even to its owner's page.
            var isPrivate = publicKey?.Contains("PRIVATE", StringComparison.OrdinalIgnoreCase) == true;
            if (isPrivate)
            {
                ModelState.SetModelValue(nameof(KeysPage.PublicKey), "", "");
            }

            return Refuse(no, nameof(Index), await FormAsync(isPrivate ? null : publicKey, ct));
        }

        Say($"Key {added.Value!.Fingerprint} opens your files from now on.");
        return this.SeeOther("/keys");
    }

    [HttpPost("{id:long}/removal")]
    public async Task<IActionResult> Destroy(long id, CancellationToken ct)
    {
        if ((await keys.RemoveAsync(Me, MyHandle, id, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say("The key is removed. It opens nothing any more.");
        return this.SeeOther("/keys");
    }

    private async Task<KeysPage> FormAsync(string? publicKey, CancellationToken ct) =>
        new() { Handle = MyHandle, Keys = (await keys.ListAsync(Me, MyHandle, ct)).Value ?? [], PublicKey = publicKey };
}

public sealed record KeysPage
{
    public required string Handle { get; init; }

    public required IReadOnlyList<KeyPage> Keys { get; init; }

    [Display(Name = "Public key")]
    public string? PublicKey { get; init; }
}
