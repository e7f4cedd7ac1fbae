using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;
using Panel.Web.Api;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record SubscribersView(string Name, SubscriberState? State, IReadOnlyList<SubscriberPage> People, ListPage List, IReadOnlyList<SegmentPage> Segments, long? Segment)
{
    public string Query(SubscriberState? state, long? after = null) =>
        $"/newsletters/{Name}/subscribers?state={state?.ToString().ToLowerInvariant()}{(Segment is { } part ? $"&segment={part}" : "")}{(after is { } id ? $"&after={id}" : "")}";
}

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/subscribers")]
public sealed class SubscribersController(Lists lists, Subscribers subscribers, Segments segments) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, SubscriberState? state, long? after, long? segment, CancellationToken ct) =>
        await subscribers.ListAsync(Me, MyHandle, name, state, after, ct, segment) is { Value: { } people } && (await lists.ShowAsync(Me, MyHandle, name, ct)).Value is { } list
            ? View(new SubscribersView(name, state, people, list, (await segments.ListAsync(Me, MyHandle, name, ct)).Value ?? [], segment))
            : NotFound();

    [HttpPost("export")]
    public async Task<IActionResult> Export([FromRoute] string name, CancellationToken ct)
    {
        if (await subscribers.ExportAsync(Me, MyHandle, name, null, ct) is not { Value: { } rows })
        {
            return NotFound();
        }

        Response.ContentType = "text/csv; charset=utf-8";
        Response.Headers.ContentDisposition = $"attachment; filename={name}.csv";
        await SubscriberExport.WriteAsync(rows, Response.Body, ct);
        return new EmptyResult();
    }
}
