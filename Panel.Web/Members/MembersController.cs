using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Members;

/// <param name="InviteUrl">The one-time link, shown once after it was made.</param>
public sealed record MemberShown(MemberPage Member, string? InviteUrl, bool Me, IReadOnlyList<string> Packages);

[Area("Members"), Route("/members"), Authorize(Policies.Admin)]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
public sealed class MembersController(Services.Members.Members members, Packages packages, Hosts hosts) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await members.ListAsync(Me, ct));

    [HttpGet("new")]
    public async Task<IActionResult> New(CancellationToken ct) => View(await FilledAsync(new MemberForm(), ct));

    [HttpPost("")]
    public async Task<IActionResult> Create(MemberForm form, CancellationToken ct)
    {
        var added = await members.AddAsync(Me, new NewMember(form.Handle ?? "", form.Email ?? "", form.Name, form.Admin, form.Package, form.Host), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no, nameof(New), await FilledAsync(form, ct));
        }

        TempData["invite"] = added.Value!.InviteUrl.ToString();
        return this.SeeOther($"/members/{added.Value.Handle}");
    }

    [HttpGet("{handle}")]
    public async Task<IActionResult> Show(string handle, CancellationToken ct)
    {
        var found = await members.ShowAsync(Me, handle, ct);
        return found.Value is { } member
            ? View(new MemberShown(member, TempData["invite"] as string, handle == MyHandle, [.. (await packages.ListAsync(Me, ct)).Select(p => p.Name)]))
            : NotFound();
    }

    private async Task<MemberForm> FilledAsync(MemberForm form, CancellationToken ct) =>
        form with { Packages = [.. (await packages.ListAsync(Me, ct)).Select(p => p.Name)], Hosts = (await hosts.ListAsync(Me, ct)).Value ?? [] };
}

public sealed record MemberForm
{
    [Display(Description = "Small letters, digits and hyphens. Unix user, finger login and part of addresses, for ever.")]
    public string? Handle { get; init; }

    [Display(Name = "E-mail"), DataType(DataType.EmailAddress)]
    public string? Email { get; init; }

    [Display(Description = "They can change it when they join.")]
    public string? Name { get; init; }

    public string Package { get; init; } = Services.Members.Package.Standard;

    [Display(Name = "May run the house (admin)")]
    public bool Admin { get; init; }

    [Display(Description = "Without a choice: where most disk is free.")]
    public string? Host { get; init; }

    internal IReadOnlyList<string> Packages { get; init; } = [];

    internal IReadOnlyList<HostPage> Hosts { get; init; } = [];

    internal IEnumerable<SelectListItem> Places =>
    [
        new("where most disk is free", ""),
        .. Hosts.Select(h => new SelectListItem(h.Facts?.FreeBytes is { } free ? $"{h.Name} ({Bytes.Words(free)} free)" : h.Name, h.Name)),
    ];
}
