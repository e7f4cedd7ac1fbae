using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

/// <summary>WebFinger (RFC 7033): where a member's page, feeds and finger address are.</summary>
[Area("Finger"), AllowAnonymous]
public sealed class WebFingerController(FingerAccounts accounts, FingerReply reply, IOptions<PanelOptions> panel) : PanelController
{
    [HttpGet("/.well-known/webfinger"), HttpHead("/.well-known/webfinger")]
    public async Task<IActionResult> Show([FromQuery] string[] resource, [FromQuery] string[] rel, CancellationToken ct)
    {
        // Pages of any site may ask (§5).
        Response.Headers.AccessControlAllowOrigin = "*";
        Response.Headers.CacheControl = "no-cache";

        // §4.2: absent, doubled or malformed is a bad request; unknown is not found.
        if (resource is not [{ Length: > 0 and <= 1000 } asked] || !WebFingerBook.IsWellFormed(asked))
        {
            return Wrong(StatusCodes.Status400BadRequest, "The parameter resource is needed exactly once, as a URI like acct:ann@collective.example.");
        }

        var book = new WebFingerBook(reply, panel.Value.PublicUri);
        return book.HandleOf(asked) is { } handle && await accounts.PublicAsync(handle, ct) is { } found
            ? Content(book.Describe(found, rel).ToJsonString(), "application/jrd+json")
            : Wrong(StatusCodes.Status404NotFound, "Nothing is known of this resource.");
    }

    private static ContentResult Wrong(int status, string sentence) => new() { StatusCode = status, Content = sentence + "\n", ContentType = "text/plain; charset=utf-8" };
}
