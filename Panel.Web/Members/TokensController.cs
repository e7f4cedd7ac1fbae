using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

[Area("Members"), Route("/account/tokens"), Authorize(Policies.Member)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
public sealed class TokensController(ApiTokens tokens, IOptions<PanelOptions> panel) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await FilledAsync(new TokenForm(), ct));

    [HttpPost("")]
    public async Task<IActionResult> Create(TokenForm form, CancellationToken ct)
    {
        var added = await tokens.AddAsync(Me, MyHandle, new NewToken(form.Name ?? "", form.Scopes ?? [], form.Days ?? 0), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no, nameof(Index), await FilledAsync(form, ct));
        }

        TempData["token"] = added.Value!.Token;
        return this.SeeOther("/account/tokens");
    }

    [HttpPost("{id:long}/revocation")]
    public async Task<IActionResult> Destroy(long id, CancellationToken ct)
    {
        var revoked = await tokens.RevokeAsync(Me, MyHandle, id, ct);
        if (revoked.Refused is not null)
        {
            return NotFound();
        }

        Say("The token is revoked and opens nothing any more.");
        return this.SeeOther("/account/tokens");
    }

    private async Task<TokenForm> FilledAsync(TokenForm form, CancellationToken ct) => form with
    {
        All = [.. (await tokens.ListAsync(Me, MyHandle, ct)).Value!.Where(t => t.RevokedAt is null)],
        Made = TempData["token"] as string,
        House = panel.Value.PublicUrl,
    };
}

public sealed record TokenForm
{
    [Display(Description = "So that you know it again, for example laptop.")]
    public string? Name { get; init; }

    public IReadOnlyList<string>? Scopes { get; init; }

    [Display(Name = "Days until it expires", Description = "At most 366.")]
    public int? Days { get; init; } = 90;

    internal IReadOnlyList<TokenPage> All { get; init; } = [];

    internal string? Made { get; init; }

    internal string House { get; init; } = "";
}
