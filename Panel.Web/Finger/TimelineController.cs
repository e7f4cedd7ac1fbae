using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Posts;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), Authorize(Policies.Member)]
public sealed class TimelineController(Timelines timelines, FingerPosts posts, Notices notices) : PanelController
{
    [HttpGet("/timeline")]
    public async Task<IActionResult> Index([FromQuery] TimelineForm form, CancellationToken ct) => View(await PageAsync(form, ct));

    [HttpPost("/timeline")]
    public async Task<IActionResult> Create(TimelineForm form, CancellationToken ct)
    {
        var added = await posts.AddAsync(Me, MyHandle, new NewPost(form.Text ?? "", form.To), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no with { Field = no.Field == "replyTo" ? "To" : no.Field is null ? null : "Text" }, nameof(Index), await PageAsync(form, ct));
        }

        Say("Posted. It is in finger, on your page and in every feed.");
        return this.SeeOther("/timeline");
    }

    [HttpPost("/timeline/posts/{id:long}/removal")]
    public async Task<IActionResult> Destroy([FromRoute] long id, CancellationToken ct)
    {
        if ((await posts.RemoveAsync(Me, MyHandle, id, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say("Taken back. What others fetched before stays with them.");
        return this.SeeOther("/timeline");
    }

    [HttpPost("/timeline/notices")]
    public async Task<IActionResult> Update(CancellationToken ct)
    {
        await notices.SeeAsync(Me, MyHandle, ct);
        return this.SeeOther("/timeline");
    }

    private async Task<TimelinePage> PageAsync(TimelineForm form, CancellationToken ct)
    {
        var asked = new TimelineQuery(form.Before?.ToUniversalTime(), form.Tag, form.Q);
        var entries = form.House ? await timelines.HouseAsync(Me, asked, ct) : await timelines.OwnAsync(Me, MyHandle, asked, ct);
        var news = ((await notices.ListAsync(Me, MyHandle, ct)).Value ?? []).Where(n => n.SeenAt is null).Take(TimelinePage.MostNews).ToList();
        return new TimelinePage { Handle = MyHandle, Entries = entries.Value ?? [], News = news, Form = form, Text = form.Text ?? (form.To is null ? null : $"@{form.To} "), To = form.To };
    }
}

/// <summary>What the address and the post's form say.</summary>
public sealed record TimelineForm
{
    public string? Text { get; init; }

    /// <summary>Whose post is answered.</summary>
    public string? To { get; init; }

    public bool House { get; init; }

    public string? Tag { get; init; }

    public string? Q { get; init; }

    public DateTime? Before { get; init; }
}

public sealed record TimelinePage
{
    public const int MostNews = 10;

    public required string Handle { get; init; }

    public required IReadOnlyList<TimelineEntry> Entries { get; init; }

    /// <summary>Mentions that were not looked at yet.</summary>
    public required IReadOnlyList<NoticePage> News { get; init; }

    public required TimelineForm Form { get; init; }

    public string? Text { get; init; }

    public string? To { get; init; }

    public string? Older => Entries.Count < Timelines.PageSize ? null : Address(Entries[^1].At);

    public string? Newer => Form.Before is null ? null : Address(null);

    private string Address(DateTime? before) => "/timeline" + QueryString.Create(new Dictionary<string, string?>
    {
        ["house"] = Form.House ? "true" : null,
        ["tag"] = Form.Tag,
        ["q"] = Form.Q,
        ["before"] = before?.ToString("O"),
    }.Where(p => p.Value is not null));
}
