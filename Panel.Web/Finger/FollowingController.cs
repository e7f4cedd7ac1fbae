using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Finger.Following;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Member)]
public sealed class FollowingController(Follows follows) : PanelController
{
    [HttpGet("/following")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await PageAsync(null, ct));

    [HttpPost("/following")]
    public async Task<IActionResult> Create([FromForm] string? address, CancellationToken ct)
    {
        var added = await follows.AddAsync(Me, MyHandle, new NewFollow(address ?? ""), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no with { Field = "Address" }, nameof(Index), await PageAsync(address, ct));
        }

        Say($"You follow {added.Value!.Address} from now on.");
        return this.SeeOther("/following");
    }

    [HttpPost("/following/removal")]
    public async Task<IActionResult> Destroy([FromForm] string? address, CancellationToken ct)
    {
        if ((await follows.RemoveAsync(Me, MyHandle, address ?? "", ct)).Refused is not null)
        {
            return NotFound();
        }

        Say($"You do not follow {address} any more.");
        return this.SeeOther("/following");
    }

    private async Task<FollowingPage> PageAsync(string? address, CancellationToken ct) => new()
    {
        Handle = MyHandle,
        Follows = (await follows.ListAsync(Me, MyHandle, ct)).Value ?? [],
        Suggestions = (await follows.SuggestAsync(Me, MyHandle, ct)).Value ?? [],
        Address = address,
    };
}

public sealed record FollowingPage
{
    public required string Handle { get; init; }

    public required IReadOnlyList<FollowPage> Follows { get; init; }

    public required IReadOnlyList<Suggestion> Suggestions { get; init; }

    public string? Address { get; init; }
}
