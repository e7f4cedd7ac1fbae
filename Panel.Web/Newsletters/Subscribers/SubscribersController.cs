using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters;
using Panel.Web.Api;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record SubscribersView(string Name, SubscriberState? State, IReadOnlyList<SubscriberPage> People);

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/subscribers")]
public sealed class SubscribersController(Subscribers subscribers) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, SubscriberState? state, long? after, CancellationToken ct) =>
        await subscribers.ListAsync(Me, MyHandle, name, state, after, ct) is { Value: { } people } ? View(new SubscribersView(name, state, people)) : NotFound();

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
