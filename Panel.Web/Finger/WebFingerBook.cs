using System.Text.Json.Nodes;
using Panel.Services.Finger;

namespace Panel.Web.Finger;

/// <summary>Which member a resource means, and what is told about them (RFC 7033).</summary>
/// <param name="own">Where the public pages of this house are.</param>
internal sealed class WebFingerBook(FingerReply reply, Uri own)
{
    public static bool IsWellFormed(string uri) => !uri.Any(c => c is <= ' ' or > '~') && Uri.TryCreate(uri, UriKind.Absolute, out var parsed) &&
        (parsed.Scheme != "acct" || uri["acct:".Length..].Split('@') is [{ Length: > 0 }, { Length: > 0 }]);

    /// <summary>The handle in an acct, finger or page address of this house, or null; <paramref name="asked"/> is well formed.</summary>
    public string? HandleOf(string asked)
    {
        var uri = new Uri(asked);
        if (uri.Scheme == "acct")
        {
            var parts = asked["acct:".Length..].Split('@');
            return IsHere(parts[1]) ? Uri.UnescapeDataString(parts[0]) : null;
        }

        var path = Uri.UnescapeDataString(uri.AbsolutePath);
        return uri.Scheme == "finger" && IsHere(uri.Authority) ? path.TrimStart('/')
            : uri.Scheme is "http" or "https" && uri.Authority.Equals(own.Authority, StringComparison.OrdinalIgnoreCase) && path.StartsWith("/~", StringComparison.Ordinal) ? path[2..]
            : null;
    }

    /// <param name="rel">Narrows the links and nothing else (§4.3); empty is all of them.</param>
    public JsonObject Describe(PublicPerson person, string[] rel)
    {
        var (handle, page) = (person.Card.Handle, reply.UrlOf(person.Card.Handle));
        (string Rel, string Type, string Href)[] links =
        [
            ("http://webfinger.net/rel/profile-page", "text/html", page),
            ("self", "text/html", page),
            ("alternate", "application/atom+xml", $"{page}/atom.xml"),
            ("http://schemas.google.com/g/2010#updates-from", "application/atom+xml", $"{page}/atom.xml"),
            ("alternate", "application/feed+json", $"{page}/feed.json"),
            ("alternate", "text/plain", $"{page}/twtxt.txt"),
            ("alternate", "text/plain", $"finger://{reply.Host}/{handle}"),
        ];
        return new JsonObject
        {
            ["subject"] = $"acct:{person.Address}",
            ["aliases"] = new JsonArray(page, $"finger://{reply.Host}/{handle}"),
            ["properties"] = new JsonObject { ["http://schema.org/name"] = person.Card.Name },
            ["links"] = new JsonArray([.. links.Where(l => rel.Length == 0 || rel.Contains(l.Rel)).Select(l => new JsonObject { ["rel"] = l.Rel, ["type"] = l.Type, ["href"] = l.Href })]),
        };
    }

    private bool IsHere(string host) => host.Equals(reply.Host, StringComparison.OrdinalIgnoreCase) ||
        host.Equals(own.Authority, StringComparison.OrdinalIgnoreCase) || host.Equals(own.Host, StringComparison.OrdinalIgnoreCase);
}
