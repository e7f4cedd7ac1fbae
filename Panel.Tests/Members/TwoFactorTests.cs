using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Members;

namespace Panel.Tests.Members;

public sealed partial class TwoFactorTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly PanelApp app;

    public TwoFactorTests() => app = new PanelApp { Time = time };

    public void Dispose() => app.Dispose();

    // RFC 6238, appendix B, SHA-1, cut to the six digits that authenticators show.
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_standard(long seconds, string code) =>
        Assert.Equal(code, Totp.CodeOf(Encoding.ASCII.GetBytes("12345678901234567890"), Totp.StepAt(DateTimeOffset.FromUnixTimeSeconds(seconds))));

    [Theory]
    [InlineData("foobar", "MZXW6YTBOI")]
    [InlineData("fooba", "MZXW6YTB")]
    [InlineData("f", "MY")]
    public void Base32_is_that_of_the_standard(string text, string expected) => Assert.Equal(expected, Totp.Base32(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public async Task With_two_factor_the_password_alone_opens_nothing()
    {
        var (secret, _) = await SetUpAsync();
        using var client = app.Visitor();

        using var half = await client.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password), ("ReturnUrl", "/account"));
        Assert.StartsWith("/sign-in/code", half.Headers.Location!.OriginalString, StringComparison.Ordinal);
        using var home = await client.GetAsync("/");
        Assert.Equal(HttpStatusCode.Redirect, home.StatusCode);

        time.Advance(TimeSpan.FromMinutes(1));
        using var whole = await client.SendFormAsync(half.Headers.Location.OriginalString, "/sign-in/code", ("Code", CodeOf(secret)), ("ReturnUrl", "/account"));
        Assert.Equal("/account", whole.Headers.Location!.OriginalString);
        Assert.Contains("password and code", await client.GetStringAsync("/account"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_counts_once()
    {
        var (secret, _) = await SetUpAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        var code = CodeOf(secret);

        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(code));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await SignInAsync(code));
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(CodeOf(secret)));
    }

    [Fact]
    public async Task A_recovery_code_counts_once_and_is_told_in_the_audit()
    {
        var (_, codes) = await SetUpAsync();

        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(codes[3].ToUpperInvariant()));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await SignInAsync(codes[3]));

        var entries = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(PanelApp.Admin, "ann", null, CancellationToken.None));
        Assert.Contains(entries.Value!, e => e.Changes.Any(c => c.New == "password and recovery code"));
    }

    [Fact]
    public async Task Ten_wrong_codes_make_the_account_wait_and_are_told_in_the_audit()
    {
        var (secret, codes) = await SetUpAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        var stamp = await StampAsync();
        for (var i = 0; i < SignIns.Tries; i++)
        {
            Assert.NotNull((await CheckAsync(stamp, "000000")).Refused);
        }

        Assert.NotNull((await CheckAsync(stamp, codes[0])).Refused);
        time.Advance(SignIns.Wait);
        Assert.Null((await CheckAsync(stamp, CodeOf(secret))).Refused);
        var entries = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(PanelApp.Admin, "ann", null, CancellationToken.None));
        Assert.Contains(entries.Value!, e => e.Action == "member.lock");
    }

    [Fact]
    public async Task A_new_password_ends_what_was_half_done()
    {
        var (secret, _) = await SetUpAsync();
        var stamp = await StampAsync();
        var ann = Actor.Member(1, "ann", false, Door.Web);
        await app.WithAsync<Profiles, Outcome<Done>>(p => p.ChangePasswordAsync(ann, Browser.Password, "another long password", null, CancellationToken.None));
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.IsType<NotThere>((await CheckAsync(stamp, CodeOf(secret))).Refused);
    }

    [Fact]
    public async Task Switching_it_off_asks_for_the_password()
    {
        var (_, _) = await SetUpAsync();
        var ann = Actor.Member(1, "ann", false, Door.Web);

        var refused = await app.WithAsync<TwoFactor, Outcome<Done>>(t => t.EndAsync(ann, "a wrong password", CancellationToken.None));
        var off = await app.WithAsync<TwoFactor, Outcome<Done>>(t => t.EndAsync(ann, Browser.Password, CancellationToken.None));

        Assert.Equal("password", refused.Refused!.Field);
        Assert.Null(off.Refused);
        Assert.Equal(HttpStatusCode.SeeOther, await SignInAsync(null));
    }

    [Fact]
    public async Task An_admin_and_a_token_set_up_nothing_for_somebody_else()
    {
        await app.SignInAsync("ann");
        var token = Actor.Member(1, "ann", false, Door.Api) with { Scopes = new HashSet<string>(ApiTokens.Known) };

        foreach (var by in new[] { PanelApp.Admin, token })
        {
            Assert.IsType<NotAllowed>((await app.WithAsync<TwoFactor, Outcome<Done>>(t => t.BeginAsync(by, CancellationToken.None))).Refused);
        }
    }

    /// <summary>Signs ann up and switches two-factor on by the pages; returns the secret and the codes shown.</summary>
    private async Task<(string Secret, IReadOnlyList<string> Codes)> SetUpAsync()
    {
        var ann = await app.SignInAsync("ann");
        using var begun = await ann.SendFormAsync("/account/two-factor");
        var page = WebUtility.HtmlDecode(await ann.GetStringAsync("/account/two-factor"));
        Assert.Contains("data:image/svg+xml;base64,", page, StringComparison.Ordinal);
        var secret = Secret().Match(page).Groups[1].Value;
        using var wrong = await ann.SendFormAsync("/account/two-factor", "/account/two-factor/confirmation", ("Code", "000000"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.StatusCode);
        using var on = await ann.SendFormAsync("/account/two-factor", "/account/two-factor/confirmation", ("Code", CodeOf(secret)));
        Assert.Equal(HttpStatusCode.SeeOther, on.StatusCode);
        var codes = Codes().Matches(await ann.GetStringAsync("/account/two-factor")).Select(m => m.Value).ToList();
        Assert.Equal(10, codes.Count);
        Assert.DoesNotMatch(Codes(), await ann.GetStringAsync("/account/two-factor"));
        return (secret, codes);
    }

    private async Task<HttpStatusCode> SignInAsync(string? code)
    {
        using var client = app.Visitor();
        using var half = await client.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password));
        if (code is null)
        {
            return half.StatusCode;
        }

        using var whole = await client.SendFormAsync("/sign-in/code", ("Code", code));
        return whole.StatusCode;
    }

    private async Task<string> StampAsync() =>
        (await app.WithAsync<SignIns, Outcome<Member>>(s => s.CheckAsync("ann", Browser.Password, CancellationToken.None))).Value!.SecurityStamp!;

    private Task<Outcome<(Member Member, string Way)>> CheckAsync(string stamp, string code) =>
        app.WithAsync<TwoFactor, Outcome<(Member Member, string Way)>>(t => t.CheckAsync(1, stamp, code, CancellationToken.None));

    private string CodeOf(string base32) => Totp.CodeOf(FromBase32(base32), Totp.StepAt(time.GetUtcNow()));

    private static byte[] FromBase32(string text)
    {
        var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }

    [GeneratedRegex("<code tabindex=\"0\">([A-Z2-7]{32})</code>")]
    private static partial Regex Secret();

    [GeneratedRegex("\\b[a-z2-9]{5}-[a-z2-9]{5}\\b")]
    private static partial Regex Codes();
}
