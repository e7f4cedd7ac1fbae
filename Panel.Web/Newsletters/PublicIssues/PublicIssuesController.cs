using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Writing;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

/// <summary>The archive: each issue is a document of an origin of its own, so that nothing in it can reach the house (V2), and a
/// withdrawn one answers 410 in every form (V7).</summary>
[Area("Newsletters"), AllowAnonymous, Route("lists/{handle}/{name}")]
public sealed class PublicIssuesController(Archives archives) : PanelController
{
    public const string LetterPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    [HttpGet("issues/{id:long}"), HttpHead("issues/{id:long}")]
    public async Task<IActionResult> Show([FromRoute] string handle, [FromRoute] string name, [FromRoute] long id, CancellationToken ct)
    {
        var read = await archives.ReadAsync(handle, name, id, ct);
        if (read.Refused is { } no)
        {
            return no is TakenAway ? StatusCode(StatusCodes.Status410Gone) : NotFound();
        }

        Response.Headers.ContentSecurityPolicy = LetterPolicy;
        Response.Headers.CacheControl = "public, max-age=60";
        return Content(read.Value!.Html, "text/html; charset=utf-8");
    }

    [HttpGet("images/{hash:regex(^[[0-9a-f]]{{32}}$)}.{type:regex(^(png|jpg|gif|webp)$)}"), HttpHead("images/{hash:regex(^[[0-9a-f]]{{32}}$)}.{type:regex(^(png|jpg|gif|webp)$)}")]
    public async Task<IActionResult> Image(
        [FromRoute] string handle, [FromRoute] string name, [FromRoute] string hash, [FromRoute] string type, [FromServices] ListImages images, CancellationToken ct)
    {
        var read = await images.ReadAsync(handle, name, hash, type, ct);
        if (read.Refused is { } no)
        {
            return no is TakenAway ? StatusCode(StatusCodes.Status410Gone) : NotFound();
        }

        Response.Headers.ContentSecurityPolicy = LetterPolicy;
        Response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        Response.Headers.CacheControl = "public, max-age=3600";
        return File(read.Value!.Content, $"image/{(type == "jpg" ? "jpeg" : type)}");
    }

    [HttpGet("feed.xml"), HttpHead("feed.xml")]
    public async Task<IActionResult> Feed([FromRoute] string handle, [FromRoute] string name, CancellationToken ct)
    {
        if (await archives.FeedAsync(handle, name, ct) is not { Succeeded: true } feed)
        {
            return NotFound();
        }

        Response.Headers.CacheControl = "public, max-age=60";
        return File(IssueFeed.Write(feed.Value.List, feed.Value.Url, feed.Value.Entries), "application/atom+xml; charset=utf-8");
    }
}
