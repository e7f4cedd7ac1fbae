using System.Text.Json.Nodes;
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
        if (resource is not [{ Length: > 0 and <= 1000 } asked] || !IsWellFormed(asked))
        {
            return Wrong(StatusCodes.Status400BadRequest, "The parameter resource is needed exactly once, as a URI like acct:ann@collective.example.");
        }

        return HandleOf(asked) is { } handle && await accounts.PublicAsync(handle, ct) is { } found
            ? Content(Describe(found, rel).ToJsonString(), "application/jrd+json")
            : Wrong(StatusCodes.Status404NotFound, "Nothing is known of this resource.");
    }

    private static ContentResult Wrong(int status, string sentence) => new() { StatusCode = status, Content = sentence + "\n", ContentType = "text/plain; charset=utf-8" };

    private static bool IsWellFormed(string uri) => !uri.Any(c => c <= ' ' || c > '~') && Uri.TryCreate(uri, UriKind.Absolute, out var parsed) &&
        (parsed.Scheme != "acct" || uri["acct:".Length..].Split('@') is [{ Length: > 0 }, { Length: > 0 }]);

    /// <summary>The handle in an acct, finger or page address of this house, or null.</summary>
    private string? HandleOf(string asked)
    {
        var uri = new Uri(asked);
        var own = new Uri(panel.Value.PublicUrl);
        if (uri.Scheme == "acct")
        {
            var parts = asked["acct:".Length..].Split('@');
            return IsHere(parts[1], own) ? Uri.UnescapeDataString(parts[0]) : null;
        }

        var path = Uri.UnescapeDataString(uri.AbsolutePath);
        return uri.Scheme == "finger" && IsHere(uri.Authority, own) ? path.TrimStart('/')
            : uri.Scheme is "http" or "https" && uri.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase) && path.StartsWith("/~", StringComparison.Ordinal) ? path[2..]
            : null;
    }

    private bool IsHere(string host, Uri own) => host.Equals(reply.Host, StringComparison.OrdinalIgnoreCase) ||
        host.Equals(own.Authority, StringComparison.OrdinalIgnoreCase) || host.Equals(own.Host, StringComparison.OrdinalIgnoreCase);

    private JsonObject Describe(PublicPerson person, string[] rel)
    {
        var (handle, page) = (person.Card.Handle, reply.UrlOf(person.Card.Handle));
        (string Rel, string Type, string Href)[] links =
        [
            ("http://webfinger.net/rel/profile-page", "text/html", page),
            ("self", "text/html", page),
            ("alternate", "application/atom+xml", $"{page}/atom.xml"),
            ("http://schemas.google.com/g/2010#updates-from", "application/atom+xml", $"{page}/atom.xml"),
            ("alternate", "application/feed+json", $"{page}/feed.json"),
            ("alternate", "text/plain", $"finger://{reply.Host}/{handle}"),
        ];
        return new JsonObject
        {
            ["subject"] = $"acct:{person.Address}",
            ["aliases"] = new JsonArray(page, $"finger://{reply.Host}/{handle}"),
            ["properties"] = new JsonObject { ["http://schema.org/name"] = person.Card.Name },
            // §4.3: rel narrows the links and nothing else.
            ["links"] = new JsonArray([.. links.Where(l => rel.Length == 0 || rel.Contains(l.Rel)).Select(l => new JsonObject { ["rel"] = l.Rel, ["type"] = l.Type, ["href"] = l.Href })]),
        };
    }
}
