using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

public class SignUpTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Double_opt_in_keeps_the_proof_of_consent(string provider)
    {
        using var app = await WithListAsync(provider);
        var visitor = app.Visitor();
        var link = await SignUpAsync(app, visitor, "mira@example.net");

        Assert.Contains("Yes, send me", await visitor.GetStringAsync(link), StringComparison.Ordinal);
        Assert.Equal("pending", await StateAsync(app, "mira@example.net"));
        await visitor.PostAsync(link, null);

        Assert.Equal("confirmed", await StateAsync(app, "mira@example.net"));
        var consent = await app.WithAsync<PanelDb, Consent>(db => db.Set<Consent>().SingleAsync());
        Assert.Equal((Lists.DefaultConsent, "page"), (consent.Text, consent.Form));
        Assert.NotNull(consent.ConfirmedAt);
    }

    [Fact]
    public async Task S1_one_address_gets_one_confirmation_a_day_and_list()
    {
        using var app = await WithListAsync();
        var visitor = app.Visitor();
        for (var i = 0; i < 30; i++)
        {
            await AskAsync(visitor, i % 2 == 0 ? "mira@example.net" : "MIRA@Example.net");
        }

        Assert.Equal(1, await app.WithAsync<PanelDb, int>(db => db.Set<Letter>().CountAsync()));
    }

    [Fact]
    public async Task S2_the_confirmation_carries_nothing_that_the_visitor_wrote()
    {
        using var app = await WithListAsync();
        using var form = new FormUrlEncodedContent([new("email", "mira@example.net"), new("name", "BUY NOW http://evil.example"), new("subject", "evil")]);
        await app.Visitor().PostAsync(new Uri("/lists/ann/letters", UriKind.Relative), form);

        var letter = await app.WithAsync<PanelDb, Letter>(db => db.Set<Letter>().SingleAsync());
        Assert.DoesNotContain("evil", letter.Subject + letter.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task S4_known_new_and_bounced_addresses_get_the_same_answer()
    {
        using var app = await WithListAsync();
        var visitor = app.Visitor();
        await visitor.PostAsync(await SignUpAsync(app, visitor, "known@example.net"), null);
        var answers = new List<string>();
        foreach (var email in new[] { "new@example.net", "known@example.net", "new@example.net" })
        {
            answers.Add(await AskAsync(visitor, email));
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task S5_a_link_scanner_confirms_nobody()
    {
        using var app = await WithListAsync();
        var visitor = app.Visitor();
        var link = await SignUpAsync(app, visitor, "mira@example.net");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Options })
        {
            using var request = new HttpRequestMessage(method, link);
            await visitor.SendAsync(request);
        }

        Assert.Equal("pending", await StateAsync(app, "mira@example.net"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("mira")]
    [InlineData("mira@")]
    [InlineData("@example.net")]
    [InlineData("mira@localhost")]
    [InlineData("mira@example.net\r\nBcc: x@example.net")]
    [InlineData("\"a b\"@example.net")]
    [InlineData("mira@-bad.example")]
    [InlineData("a..b@example.net")]
    public async Task What_is_no_address_is_refused_with_words(string email)
    {
        using var app = await WithListAsync();
        using var form = new FormUrlEncodedContent([new("email", email)]);
        var answer = await app.Visitor().PostAsync(new Uri("/lists/ann/letters", UriKind.Relative), form);

        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Equal(0, await app.WithAsync<PanelDb, int>(db => db.Set<Subscriber>().CountAsync()));
    }

    [Theory]
    [InlineData("email,name\nmira@example.net,Mira\n")]
    [InlineData("\ufeffName;E-Mail\n\"Mi;ra\";mira@example.net\n")]
    [InlineData("name\temail\r\nMira\tmira@example.net\r\n")]
    [InlineData("mira@example.net\n")]
    public async Task F16_reads_the_spreadsheets_of_the_world(string csv)
    {
        foreach (var bytes in new[] { Encoding.UTF8.GetBytes(csv), [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(csv.TrimStart('\ufeff'))] })
        {
            using var app = await WithListAsync();
            using var stream = new MemoryStream(bytes);
            var report = await app.WithAsync<Subscribers, Outcome<ImportReport>>(s =>
                s.ImportAsync(PanelApp.Admin, "ann", "letters", stream, "signed the paper list", CancellationToken.None));

            Assert.Equal(1, report.Value!.Added);
            Assert.Equal("confirmed", await StateAsync(app, "mira@example.net"));
        }
    }

    [Fact]
    public async Task An_unclosed_quote_over_twenty_megabytes_is_refused_without_eating_memory()
    {
        using var app = await WithListAsync();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("email\nmira@example.net\n\"" + new string('x', 20_000_000)));
        var report = await app.WithAsync<Subscribers, Outcome<ImportReport>>(s =>
            s.ImportAsync(PanelApp.Admin, "ann", "letters", stream, "signed the paper list", CancellationToken.None));

        Assert.Equal((1, 1), (report.Value!.Added, report.Value.Refused));
    }

    private static async Task<PanelApp> WithListAsync(string provider = DatabaseOptions.Sqlite)
    {
        var app = new PanelApp(provider);
        await app.MemberAsync("ann");
        var added = await app.WithAsync<Lists, Outcome<ListPage>>(l =>
            l.AddAsync(PanelApp.Admin, "ann", new NewList("letters", "Studio letters", "Ann <letters@annart.example>"), CancellationToken.None));
        Assert.Null(added.Refused);
        return app;
    }

    private static async Task<Uri> SignUpAsync(PanelApp app, HttpClient visitor, string email)
    {
        await AskAsync(visitor, email);
        var text = await app.WithAsync<PanelDb, string>(db => db.Set<Letter>().Where(l => l.Email == email).Select(l => l.Text).SingleAsync());
        return new Uri(text.Split().Single(w => w.StartsWith("http://", StringComparison.Ordinal)));
    }

    private static async Task<string> AskAsync(HttpClient visitor, string email)
    {
        using var form = new FormUrlEncodedContent([new("email", email)]);
        var answer = await visitor.PostAsync(new Uri("/lists/ann/letters", UriKind.Relative), form);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<string> StateAsync(PanelApp app, string email) =>
        (await app.WithAsync<PanelDb, SubscriberState>(db => db.Set<Subscriber>().Where(s => s.Email == email).Select(s => s.State).SingleAsync())).ToString().ToLowerInvariant();
}
