using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters.Tracking;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

/// <summary>Links and the picture in mails to people who agreed to be counted. Neither reads nor sets a cookie.</summary>
[Area("Newsletters"), AllowAnonymous, Route("t/{token}")]
public sealed class TracksController(Tracks tracks) : PanelController
{
    // GIF89a of one transparent pixel.
    private static readonly byte[] Pixel = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

    [HttpGet("o.gif"), HttpHead("o.gif")]
    public async Task<IActionResult> Show([FromRoute] string token, CancellationToken ct)
    {
        if (HttpMethods.IsGet(Request.Method))
        {
            await tracks.OpenAsync(token, ct);
        }

        Response.Headers.CacheControl = "no-store";
        return File(Pixel, "image/gif");
    }

    [HttpGet("{link:int}"), HttpHead("{link:int}")]
    public async Task<IActionResult> Follow([FromRoute] string token, [FromRoute] int link, CancellationToken ct)
    {
        Response.Headers.CacheControl = "no-store";
        Response.Headers["Referrer-Policy"] = "no-referrer";
        return await tracks.FollowAsync(token, link, HttpMethods.IsHead(Request.Method), ct) is { } address ? Redirect(address) : NotFound();
    }
}
