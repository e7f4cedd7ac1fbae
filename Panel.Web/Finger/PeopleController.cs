using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;
using Panel.Web.Shared;

namespace Panel.Web.Finger;

[Area("Finger"), AllowAnonymous]
public sealed class PeopleController(FingerAccounts accounts, FingerReply reply) : PanelController
{
    // A template may not begin with a tilde, so the tilde is part of the parameter: /~ann.
    [HttpGet("/{person:regex(^~)}"), HttpHead("/{person:regex(^~)}")]
    public async Task<IActionResult> Show([FromRoute] string person, CancellationToken ct)
    {
        // Who hides now is not shown from somebody's cache.
        Response.Headers.CacheControl = "no-cache";
        if (await accounts.PublicAsync(person[1..], ct) is not { } found)
        {
            Response.StatusCode = StatusCodes.Status404NotFound;
            return View("Nobody");
        }

        return View(new PersonPage(found, Encoding.UTF8.GetString(found.Text.Span), Encoding.UTF8.GetString(reply.Render(found.Card, wide: true))));
    }

    [HttpGet("/{person:regex(^~)}/atom.xml"), HttpHead("/{person:regex(^~)}/atom.xml")]
    public Task<IActionResult> Atom([FromRoute] string person, CancellationToken ct) => FeedAsync(person, "application/atom+xml", feeds => feeds.Atom(), ct);

    [HttpGet("/{person:regex(^~)}/feed.json"), HttpHead("/{person:regex(^~)}/feed.json")]
    public Task<IActionResult> Json([FromRoute] string person, CancellationToken ct) => FeedAsync(person, "application/feed+json", feeds => feeds.Json(), ct);

    [HttpGet("/{person:regex(^~)}/twtxt.txt"), HttpHead("/{person:regex(^~)}/twtxt.txt")]
    public Task<IActionResult> Twtxt([FromRoute] string person, CancellationToken ct) => FeedAsync(person, "text/plain", feeds => feeds.Twtxt(), ct);

    private async Task<IActionResult> FeedAsync(string person, string type, Func<PersonFeeds, byte[]> write, CancellationToken ct)
    {
        Response.Headers.CacheControl = "no-cache";
        Response.Headers.AccessControlAllowOrigin = "*";
        if (await accounts.PublicAsync(person[1..], ct) is not { } found)
        {
            return NotFound();
        }

        var bytes = write(new PersonFeeds(found, reply));
        var tag = new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes))[..32]}\"");
        return File(bytes, $"{type}; charset=utf-8", lastModified: null, entityTag: tag);
    }
}

/// <param name="Text">What finger prints.</param>
/// <param name="Wide">What <c>finger -l</c> prints.</param>
public sealed record PersonPage(PublicPerson Person, string Text, string Wide)
{
    /// <summary>Posts on the page; the feeds have all that finger has.</summary>
    private const int Shown = 50;

    public string Name => Person.Card.Name;

    public string Handle => Person.Card.Handle;

    public string Address => Person.Address;

    public IReadOnlyList<PostLine> Posts => [.. Person.Card.ShownPosts.Take(Shown)];

    /// <summary>Whom this member calls by a nick.</summary>
    public string? Resolve(string nick) => Person.Card.Following.FirstOrDefault(f => f.Nick == nick)?.Address;
}
