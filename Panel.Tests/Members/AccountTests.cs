using System.Net;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Tests.Members;

public sealed partial class AccountTests : IDisposable
{
    private readonly PanelApp app = new();

    public void Dispose() => app.Dispose();

    [Fact]
    public async Task V5_a_new_password_ends_every_other_session()
    {
        using var here = await app.SignInAsync("ann");
        using var there = app.Visitor();
        using var signedIn = await there.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password));

        using var wrong = await here.SendFormAsync("/account/password", ("Current", "not my password"), ("Wanted", "another long password"));
        using var changed = await here.SendFormAsync("/account/password", ("Current", Browser.Password), ("Wanted", "another long password"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, changed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(here, "/account"));
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(there, "/account"));
    }

    [Fact]
    public async Task A_session_can_be_ended_from_another_one()
    {
        using var here = await app.SignInAsync("ann");
        using var there = app.Visitor();
        using var signedIn = await there.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password));
        var end = EndForm().Match(await here.GetStringAsync("/account")).Groups[1].Value;

        using var ended = await here.SendFormAsync("/account", end);

        Assert.Equal(HttpStatusCode.SeeOther, ended.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(there, "/account"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(here, "/account"));
    }

    [Fact]
    public async Task The_session_of_somebody_else_is_not_there()
    {
        using var ann = await app.SignInAsync("ann");
        using var bob = await app.SignInAsync("bob");

        using var refused = await bob.SendFormAsync("/account", "/account/sessions/1/end");

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(ann, "/account"));
    }

    [Fact]
    public async Task A_token_is_shown_once_works_and_can_be_revoked()
    {
        using var ann = await app.SignInAsync("ann");
        using var made = await ann.SendFormAsync("/account/tokens", ("Name", "laptop"), ("Scopes", "account:read"), ("Days", "30"));
        var page = await ann.GetStringAsync("/account/tokens");
        var token = Token().Match(page).Value;
        using var api = app.Visitor();
        api.DefaultRequestHeaders.Authorization = new("Bearer", token);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(api, "/api/v1/members/ann"));
        Assert.DoesNotMatch(Token(), await ann.GetStringAsync("/account/tokens"));
        using var revoked = await ann.SendFormAsync("/account/tokens", "/account/tokens/1/revocation");
        Assert.Equal(HttpStatusCode.SeeOther, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(api, "/api/v1/members/ann"));
    }

    [Fact]
    public async Task Another_address_needs_the_password()
    {
        using var ann = await app.SignInAsync("ann");

        using var name = await ann.SendFormAsync("/account/profile", ("Name", "Ann Artist"), ("Email", "ann@example.org"));
        using var without = await ann.SendFormAsync("/account/profile", ("Name", "Ann Artist"), ("Email", "new@example.org"));
        using var with = await ann.SendFormAsync("/account/profile", ("Name", "Ann Artist"), ("Email", "new@example.org"), ("Password", Browser.Password));

        Assert.Equal(HttpStatusCode.SeeOther, name.StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, without.StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, with.StatusCode);
        Assert.Contains("new@example.org", await ann.GetStringAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_but_the_operator_makes_a_token_for_another_member()
    {
        await app.MemberAsync("ann");
        var eve = await app.MemberAsync("eve", admin: true);
        var wanted = new NewToken("x", ["account:read"], 1);

        var admin = await app.WithAsync<ApiTokens, Outcome<TokenAdded>>(t => t.AddAsync(eve, "ann", wanted, CancellationToken.None));
        var root = await app.WithAsync<ApiTokens, Outcome<TokenAdded>>(t => t.AddAsync(PanelApp.Admin, "ann", wanted, CancellationToken.None));

        Assert.IsType<NotAllowed>(admin.Refused);
        Assert.Null(root.Refused);
    }

    [Fact]
    public async Task A_token_that_may_only_read_as_admin_changes_nothing_as_admin()
    {
        await app.MemberAsync("ann");
        var eve = await app.MemberAsync("eve", admin: true);
        using var client = await app.TokenClientAsync(eve, "admin:read", "account:write");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, "/api/v1/members/ann"));
        using var refused = await client.PutAsync("/api/v1/members/ann/suspension", null);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path);
        return answer.StatusCode;
    }

    [GeneratedRegex("action=\"(/account/sessions/\\d+/end)\"")]
    private static partial Regex EndForm();

    [GeneratedRegex("panel_[A-Za-z0-9_-]{43}")]
    private static partial Regex Token();
}
