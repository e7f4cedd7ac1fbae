using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Members;
using Panel.Web.Doors;

namespace Panel.Tests.Members;

public partial class SignInTests
{
    [Theory]
    [InlineData("ann")]
    [InlineData("ann@example.org")]
    [InlineData(" Ann ")]
    public async Task Handle_or_address_and_the_password_let_a_member_in(string login)
    {
        using var app = new PanelApp();
        using var first = await app.SignInAsync("ann");
        using var client = app.Visitor();

        using var answer = await client.SendFormAsync("/sign-in", ("Login", login), ("Password", Browser.Password), ("ReturnUrl", "/?x=1"));

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Equal("/?x=1", answer.Headers.Location!.OriginalString);
        using var home = await client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, home.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/")]
    [InlineData("/\\evil.example/")]
    public async Task Signing_in_leads_nowhere_else(string returnUrl)
    {
        using var app = new PanelApp();
        using var first = await app.SignInAsync("ann");

        using var answer = await app.Visitor().SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password), ("ReturnUrl", returnUrl));

        Assert.Equal("/", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Nobody_learns_from_the_answer_who_lives_here()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        await app.InviteAsync("bob");
        using var visitor = app.Visitor();

        var answers = new List<(HttpStatusCode, string)>();
        foreach (var login in new[] { "ann", "bob", "nobody-here" })
        {
            using var answer = await visitor.SendFormAsync("/sign-in", ("Login", login), ("Password", "a wrong password"));
            var body = (await answer.Content.ReadAsStringAsync()).Replace(login, "LOGIN", StringComparison.Ordinal);
            answers.Add((answer.StatusCode, Token().Replace(body, "")));
        }

        Assert.Equal(answers[0], answers[1]);
        Assert.Equal(answers[0], answers[2]);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answers[0].Item1);
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("bob")]
    [InlineData("nobody-here")]
    [InlineData("nobody@example.org")]
    public async Task Each_try_costs_one_look_at_a_password(string login)
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        await app.InviteAsync("bob");
        await using var scope = app.Services.CreateAsyncScope();
        var counting = new CountingHasher(scope.ServiceProvider.GetRequiredService<IPasswordHasher<Member>>());
        var signIns = ActivatorUtilities.CreateInstance<SignIns>(scope.ServiceProvider, counting);
        await signIns.CheckAsync("warm-up", "a wrong password", CancellationToken.None);
        counting.Looks = counting.Made = 0;

        await signIns.CheckAsync(login, "a wrong password", CancellationToken.None);

        Assert.Equal((1, 0), (counting.Looks, counting.Made));
    }

    [Fact]
    public async Task After_ten_wrong_tries_even_the_right_password_waits_five_minutes()
    {
        var time = new ManualTime();
        using var app = new PanelApp { Time = time };
        using var ann = await app.SignInAsync("ann");
        for (var i = 0; i < SignIns.Tries; i++)
        {
            Assert.NotNull((await TryAsync(app, "a wrong password")).Refused);
        }

        var waiting = await TryAsync(app, Browser.Password);
        time.Advance(SignIns.Wait);
        var after = await TryAsync(app, Browser.Password);

        Assert.NotNull(waiting.Refused);
        Assert.Null(after.Refused);
    }

    [Fact]
    public async Task The_right_password_forgives_the_tries_before_it()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        for (var i = 0; i < 3 * SignIns.Tries; i++)
        {
            var right = i % 5 == 4;
            Assert.Equal(right, (await TryAsync(app, right ? Browser.Password : "a wrong password")).Succeeded);
        }
    }

    [Fact]
    public async Task Only_the_right_password_is_told_of_a_suspension()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None));

        Assert.DoesNotContain("suspended", (await TryAsync(app, "a wrong password")).Refused!.Message, StringComparison.Ordinal);
        Assert.Contains("suspended", (await TryAsync(app, Browser.Password)).Refused!.Message, StringComparison.Ordinal);
        using var home = await ann.GetAsync("/");
        Assert.Equal("/sign-in", home.Headers.Location!.AbsolutePath);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_also_for_a_copied_cookie()
    {
        using var app = new PanelApp();
        using var ann = await app.SignInAsync("ann");
        using var copied = app.Visitor();
        using var again = await copied.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password));
        var cookie = again.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("panel=", StringComparison.Ordinal)).Split(';')[0];

        using var left = await copied.SendFormAsync("/", "/sign-out");
        using var replay = new HttpRequestMessage(HttpMethod.Get, "/");
        replay.Headers.Add("Cookie", cookie);
        using var refused = await app.Server.CreateClient().SendAsync(replay);

        Assert.Equal(HttpStatusCode.SeeOther, left.StatusCode);
        Assert.Equal(HttpStatusCode.Redirect, refused.StatusCode);
    }

    [Fact]
    public async Task One_address_may_not_try_for_ever()
    {
        using var app = new PanelApp();
        using var visitor = app.Visitor();
        var last = HttpStatusCode.OK;
        for (var i = 0; i <= Limits.Tries; i++)
        {
            using var body = new FormUrlEncodedContent([]);
            using var answer = await visitor.PostAsync("/sign-in", body);
            last = answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        using var look = await visitor.GetAsync("/sign-in");
        Assert.Equal(HttpStatusCode.OK, look.StatusCode);
    }

    private static Task<Outcome<Member>> TryAsync(PanelApp app, string password) =>
        app.WithAsync<SignIns, Outcome<Member>>(s => s.CheckAsync("ann", password, CancellationToken.None));

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    private sealed class CountingHasher(IPasswordHasher<Member> inner) : IPasswordHasher<Member>
    {
        public int Looks { get; set; }

        public int Made { get; set; }

        public string HashPassword(Member user, string password)
        {
            Made++;
            return inner.HashPassword(user, password);
        }

        public PasswordVerificationResult VerifyHashedPassword(Member user, string hashedPassword, string providedPassword)
        {
            Looks++;
            return inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}
