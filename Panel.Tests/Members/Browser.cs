using System.Net;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Tests.Members;

/// <summary>What a browser without scripts does: keeps cookies, reads a page, sends its form with the token it was given.</summary>
internal static partial class Browser
{
    public const string Password = "correct horse battery staple";

    /// <summary>A member who joined by their link, and the client that is signed in as them.</summary>
    public static async Task<HttpClient> SignInAsync(this PanelApp app, string handle, bool admin = false)
    {
        var link = await app.InviteAsync(handle, admin);
        var client = app.Visitor();
        using var joined = await client.SendFormAsync(link, ("Name", handle), ("Password", Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
        return client;
    }

    /// <summary>Path of a fresh one-time link.</summary>
    public static async Task<string> InviteAsync(this PanelApp app, string handle, bool admin = false)
    {
        var added = await app.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m =>
            m.AddAsync(PanelApp.Admin, new NewMember(handle, $"{handle}@example.org", Admin: admin), CancellationToken.None));
        Assert.Null(added.Refused);
        return added.Value!.InviteUrl.AbsolutePath;
    }

    /// <summary>Gets the page, then posts to it (or to <paramref name="action"/>) with the fields and the page's token.</summary>
    public static async Task<HttpResponseMessage> SendFormAsync(this HttpClient client, string page, params (string Name, string Value)[] fields) =>
        await client.SendFormAsync(page, page, fields);

    public static async Task<HttpResponseMessage> SendFormAsync(this HttpClient client, string page, string action, params (string Name, string Value)[] fields)
    {
        var token = await client.TokenAsync(page);
        using var body = new FormUrlEncodedContent(
            fields.Select(f => KeyValuePair.Create(f.Name, f.Value)).Append(KeyValuePair.Create("__RequestVerificationToken", token)));
        return await client.PostAsync(action, body);
    }

    /// <summary>The token that the page gives for its forms.</summary>
    public static async Task<string> TokenAsync(this HttpClient client, string page)
    {
        using var shown = await client.GetAsync(page);
        return Token().Match(await shown.Content.ReadAsStringAsync()).Groups[1].Value;
    }

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
