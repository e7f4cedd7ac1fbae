using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record PersonalCopyView(PersonalCopyPage Page, string Token);

[Area("Newsletters"), AllowAnonymous, IgnoreAntiforgeryToken, Route("x/{token}")]
public sealed class PersonalCopiesController(PersonalCopies copies) : PanelController
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [HttpGet("")]
    public async Task<IActionResult> Show([FromRoute] string token, CancellationToken ct)
    {
        Response.Headers.CacheControl = "no-store";
        return await copies.LookAsync(token, ct) is { Value: { } page } ? View(new PersonalCopyView(page, token)) : NotFound();
    }

    [HttpGet("copy")]
    public async Task<IActionResult> Download([FromRoute] string token, CancellationToken ct)
    {
        Response.Headers.CacheControl = "no-store";
        return await copies.ReadAsync(token, ct) is { Value: { } copy } ? File(JsonSerializer.SerializeToUtf8Bytes(copy, Readable), "application/json", "my-data.json") : NotFound();
    }

    [HttpPost("erasure")]
    public async Task<IActionResult> Destroy([FromRoute] string token, CancellationToken ct) =>
        await copies.EraseAsync(token, ct) is { Value: { } page } ? View(nameof(Show), new PersonalCopyView(page, token)) : NotFound();
}
