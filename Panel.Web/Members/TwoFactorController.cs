using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.RateLimiting;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;
using QRCoder;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/two-factor"), Authorize(Policies.Member)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
public sealed class TwoFactorController(TwoFactor twoFactor) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Show(CancellationToken ct) => View(await FormAsync(ct));

    /// <summary>A fresh secret to scan; nothing counts before its first code is confirmed.</summary>
    [HttpPost("")]
    public async Task<IActionResult> Create(CancellationToken ct)
    {
        var begun = await twoFactor.BeginAsync(Me, ct);
        return begun.Refused is { } no ? Refuse(no, nameof(Show), await FormAsync(ct)) : this.SeeOther("/account/two-factor");
    }

    [HttpPost("confirmation"), EnableRateLimiting(Limits.SignIn)]
    public async Task<IActionResult> Update(string? code, CancellationToken ct)
    {
        var confirmed = await twoFactor.ConfirmAsync(Me, code, ct);
        if (confirmed.Refused is { } no)
        {
            return Refuse(no, nameof(Show), await FormAsync(ct));
        }

        TempData["codes"] = string.Join(' ', confirmed.Value!);
        return this.SeeOther("/account/two-factor");
    }

    [HttpPost("removal"), EnableRateLimiting(Limits.SignIn)]
    public async Task<IActionResult> Destroy(string? password, CancellationToken ct)
    {
        var ended = await twoFactor.EndAsync(Me, password, ct);
        if (ended.Refused is { } no)
        {
            return Refuse(no, nameof(Show), await FormAsync(ct));
        }

        Say("Two-factor sign-in is off.");
        return this.SeeOther("/account");
    }

    private async Task<TwoFactorForm> FormAsync(CancellationToken ct)
    {
        var page = (await twoFactor.ShowAsync(Me, ct)).Value!;
        var codes = (TempData["codes"] as string)?.Split(' ') ?? [];
        return new TwoFactorForm { On = page.On, Secret = page.Secret, Qr = page.Address is null ? null : Qr(page.Address), CodesLeft = page.CodesLeft, Codes = codes };
    }

    /// <summary>As an image of its own: no style or script comes with it.</summary>
    private static string Qr(string address)
    {
        using var drawn = QRCodeGenerator.GenerateQrCode(address, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(drawn);
        var picture = svg.GetGraphic(4, "#000000", "#ffffff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
        return "data:image/svg+xml;base64," + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(picture));
    }
}

public sealed record TwoFactorForm
{
    public bool On { get; init; }

    public string? Secret { get; init; }

    public string? Qr { get; init; }

    public int CodesLeft { get; init; }

    public IReadOnlyList<string> Codes { get; init; } = [];

    [Display(Description = "The six digits it shows now.")]
    public string? Code { get; init; }

    [Display(Name = "Your password"), DataType(DataType.Password)]
    public string? Password { get; init; }
}
