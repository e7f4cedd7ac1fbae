using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>Rules of newsletter-rules.md about sign-ups and leaving that had no test of their name.</summary>
public sealed class ReaderRuleTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task S1_a_thousand_forms_for_one_victim_send_three_mails(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider, settings: Generous);
        await house.RowsAsync(db => db.Set<Services.Members.Package>().ExecuteUpdateAsync(set => set.SetProperty(p => p.Lists, 10)));
        for (var list = 0; list < 5; list++)
        {
            await house.ListAsync($"list{list}");
        }

        for (var n = 0; n < 60; n++)
        {
            using var answer = await house.PostAsync($"/lists/ann/list{n % 5}", ("email", Spelling(n)));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(3, await house.RowsAsync(db => db.Set<Letter>().CountAsync()));
    }

    [Fact]
    public async Task S3_page_embed_and_json_meet_one_guard()
    {
        using var house = await ReaderHouse.StartAsync(settings: [("Newsletters:SignUpsPerAddress", "6")]);
        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync("/lists/ann/letters", ("email", "a@a.example"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync("/lists/ann/letters", ("email", "b@b.example"), ("form", "embed"))).StatusCode);
        using var json = await JsonAsync(house, "{\"email\":\"c@c.example\"}");
        Assert.Equal(HttpStatusCode.Accepted, json.StatusCode);
        Assert.Equal("*", json.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal(["embed", "json", "page"], await house.RowsAsync(db => db.Set<Consent>().Select(c => c.Form).OrderBy(f => f).ToListAsync()));

        // Unstamped forms count double: three of them spent all six.
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await house.PostAsync("/lists/ann/letters", ("email", "d@d.example"))).StatusCode);
        using var refused = await JsonAsync(house, "{\"email\":\"d@d.example\"}");
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task S3_a_program_that_fills_in_everything_gets_the_usual_answer_and_no_mail()
    {
        using var house = await ReaderHouse.StartAsync();
        using var answer = await house.PostAsync("/lists/ann/letters", ("email", "a@a.example"), ("website", "http://spam.example"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, await house.RowsAsync(db => db.Set<Letter>().CountAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task S4_every_address_costs_the_same_statements(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider, settings: Generous);
        await house.ImportAsync("email\nknown@a.example\nleft@a.example\n");
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Leave, "left@a.example"));
        await house.SignUpAsync("pending@a.example");
        await house.RowsAsync(async db =>
        {
            var member = await db.Set<MailingList>().Select(l => l.MemberId).SingleAsync();
            var keys = house.App.Services.GetService(typeof(HouseKeys)).As<HouseKeys>();
            db.Add(new Suppression { EmailHash = keys.Hash("email", "blocked@a.example"), MemberId = member, Reason = "complained", At = DateTime.UtcNow });
            return await db.SaveChangesAsync();
        });
        var costs = new List<int>();
        foreach (var email in new[] { "known@a.example", "left@a.example", "pending@a.example", "blocked@a.example", "new@a.example" })
        {
            costs.Add(await CountAsync(house, email));
        }

        Assert.Single(costs.Distinct());
    }

    [Fact]
    public async Task S6_who_says_not_me_is_never_asked_again_by_this_list()
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(time: time);
        await house.SignUpAsync("mira@example.net");
        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(await house.LetterLinkAsync("mira@example.net") + "/refusal")).StatusCode);
        time.Advance(TimeSpan.FromDays(3));
        await house.SignUpAsync("mira@example.net");

        Assert.Equal(1, await house.RowsAsync(db => db.Set<Letter>().CountAsync()));
        Assert.Equal(1, (await house.ImportAsync("email\nmira@example.net\n")).Kept);
    }

    [Fact]
    public async Task S7_spellings_of_one_mailbox_are_one_for_the_limit_and_kept_as_typed()
    {
        using var house = await ReaderHouse.StartAsync(settings: Generous);
        for (var n = 0; n < 12; n++)
        {
            await house.SignUpAsync(Spelling(n));
        }

        Assert.Equal(1, await house.RowsAsync(db => db.Set<Letter>().CountAsync()));
        Assert.Equal(Spelling(0), await house.RowsAsync(db => db.Set<Subscriber>().Select(s => s.Email).SingleAsync()));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("198.51.100.0/24", "203.0.113.0/24")]
    public async Task S8_only_a_trusted_proxy_speaks_for_a_visitor(string trusted, string? network)
    {
        using var house = await ReaderHouse.StartAsync(settings: [("Panel:TrustedProxies", trusted)]);
        var answer = await house.App.Server.SendAsync(context =>
        {
            context.Connection.RemoteIpAddress = IPAddress.Parse("198.51.100.7");
            (context.Request.Method, context.Request.Path, context.Request.ContentType) = ("POST", "/lists/ann/letters", "application/x-www-form-urlencoded");
            context.Request.Headers["X-Forwarded-For"] = "203.0.113.9";
            context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes("email=mira@example.net"));
        });
        Assert.Equal(200, answer.Response.StatusCode);
        Assert.Equal(network ?? "198.51.100.0/24", await house.RowsAsync(db => db.Set<Consent>().Select(c => c.Network).SingleAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task S9_a_flood_closes_the_form_and_tells_owner_and_admin(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider, settings: [.. Generous, ("Newsletters:SignUpsPerListHour", "10")]);
        await house.App.MemberAsync("eve", admin: true);
        for (var n = 0; n < 11; n++)
        {
            await house.SignUpAsync($"p{n}@d{n}.example");
        }

        using var closed = await house.PostAsync("/lists/ann/letters", ("email", "late@example.net"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, closed.StatusCode);
        Assert.DoesNotContain("type=\"email\"", await house.Visitor.GetStringAsync("/lists/ann/letters"), StringComparison.Ordinal);
        Assert.Equal(["ann@example.org", "eve@example.org"], await house.RowsAsync(db => db.Set<Letter>().Where(l => l.Kind == "notice").Select(l => l.Email).OrderBy(e => e).ToListAsync()));
        await house.ChangeAsync(c => c with { SignUps = true });
        Assert.Contains("type=\"email\"", await house.Visitor.GetStringAsync("/lists/ann/letters"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task U6_a_leave_link_outlives_two_years_a_new_title_and_an_import()
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(time: time);
        await house.ImportAsync("email\nmira@example.net\n");
        var link = await house.LinkAsync(TokenPurpose.Leave, "mira@example.net", issue: 7);
        time.Advance(TimeSpan.FromDays(800));
        await house.ChangeAsync(c => c with { Title = "Another name", Language = "fr" });
        await house.ImportAsync("email\nmira@example.net\n");

        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(link, ("List-Unsubscribe", "One-Click"))).StatusCode);
        Assert.Equal(SubscriberState.Left, await house.StateAsync("mira@example.net"));
    }

    [Fact]
    public async Task U10_the_page_names_the_address_that_leaves_and_offers_to_undo_it()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        var link = await house.LinkAsync(TokenPurpose.Leave, "mira@example.net");
        Assert.Contains("mira@example.net", await house.Visitor.GetStringAsync(link), StringComparison.Ordinal);
        using var left = await house.PostAsync(link);
        var page = await left.Content.ReadAsStringAsync();
        Assert.Contains("mira@example.net", page, StringComparison.Ordinal);
        Assert.Contains($"{link}/return", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task F19_no_route_takes_a_bare_address_as_proof()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        foreach (var path in new[] { "/u/mira@example.net", "/p/mira@example.net", "/x/mira@example.net", "/u/x?email=mira@example.net", "/c/mira@example.net" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await house.PostAsync(path, ("email", "mira@example.net"))).StatusCode);
        }

        Assert.Equal(SubscriberState.Confirmed, await house.StateAsync("mira@example.net"));
    }

    private static (string, string)[] Generous => [("Newsletters:SignUpsPerAddress", "1000"), ("Newsletters:SignUpsPerNetwork", "1000"), ("Newsletters:SignUpsPerDomain", "1000"), ("Newsletters:SignUpsPerListHour", "1000")];

    private static string Spelling(int n) => (n % 4) switch { 0 => "Mira.Ott@Example.net", 1 => "miraott@example.net", 2 => $"mira.ott+tag{n}@example.net", _ => "MIRA.OTT@EXAMPLE.NET" };

    private static async Task<HttpResponseMessage> JsonAsync(ReaderHouse house, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        return await house.Visitor.PostAsync(new Uri("/lists/ann/letters", UriKind.Relative), content);
    }

    private static async Task<int> CountAsync(ReaderHouse house, string email)
    {
        Counter.Watch();
        Counter.Asked.Value = new int[1];
        var asked = await house.WithAsync<SignUps, Outcome<PublicList>>(s => s.RequestAsync("ann", "letters", new SignUpAsk(email, "page", null), default));
        Assert.Null(asked.Refused);
        return Counter.Asked.Value[0];
    }

    /// <summary>Counts the commands that EF sends for this flow of calls.</summary>
    private sealed class Counter : IObserver<System.Diagnostics.DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        private static readonly Lazy<IDisposable> Watching = new(() => System.Diagnostics.DiagnosticListener.AllListeners.Subscribe(new Counter()));

        public static AsyncLocal<int[]?> Asked { get; } = new();

        public static void Watch() => _ = Watching.Value;

        public void OnNext(System.Diagnostics.DiagnosticListener value)
        {
            if (value.Name == DbLoggerCategory.Name)
            {
                value.Subscribe(this);
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key == RelationalEventId.CommandExecuting.Name && Asked.Value is { } count)
            {
                Interlocked.Increment(ref count[0]);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
