using System.Net;
using System.Xml.Linq;
using Panel.Services;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>Sent issues for everybody, under a policy of their own.</summary>
public sealed class ArchiveTests
{
    private static readonly XNamespace Atom = "http://www.w3.org/2005/Atom";

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_sent_issue_stands_on_the_page_and_in_the_feed_and_a_draft_does_not(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        var first = await house.SentAsync("Hello {name|friend}");
        var second = await house.SentAsync("Spring & <more>");
        await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords("Secret draft", "later"), default));

        var page = await house.Visitor.GetStringAsync("/lists/ann/letters");
        Assert.Contains($"/lists/ann/letters/issues/{first}\">Hello friend</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Secret draft", page, StringComparison.Ordinal);
        var feed = XDocument.Parse(await house.Visitor.GetStringAsync("/lists/ann/letters/feed.xml")).Root!;
        Assert.Equal(["Spring & <more>", "Hello friend"], feed.Elements(Atom + "entry").Select(e => e.Element(Atom + "title")!.Value));
        Assert.Contains("<strong>today</strong>", feed.Elements(Atom + "entry").First().Element(Atom + "content")!.Value, StringComparison.Ordinal);
        Assert.EndsWith($"/issues/{second}", feed.Element(Atom + "entry")!.Element(Atom + "id")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task V2_an_archived_issue_is_a_document_of_its_own_origin_and_names_nobody()
    {
        using var house = await ReaderHouse.StartAsync();
        var id = await house.SentAsync("Hello", "Dear {name|friend} at {email},");
        using var answer = await house.Visitor.GetAsync($"/lists/ann/letters/issues/{id}");

        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("sandbox; default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-", policy, StringComparison.Ordinal);
        var html = await answer.Content.ReadAsStringAsync();
        Assert.Contains("Dear friend at ,", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/u/", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V7_a_withdrawn_issue_is_gone_in_every_form(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        var id = await house.SentAsync("Mistake");
        await house.WithAsync<Archives, Outcome<IssuePage>>(a => a.WithdrawAsync(house.Ann, id, back: false, default));

        using var gone = await house.Visitor.GetAsync($"/lists/ann/letters/issues/{id}");
        Assert.Equal(HttpStatusCode.Gone, gone.StatusCode);
        Assert.DoesNotContain("Mistake", await house.Visitor.GetStringAsync("/lists/ann/letters"), StringComparison.Ordinal);
        Assert.DoesNotContain("Mistake", await house.Visitor.GetStringAsync("/lists/ann/letters/feed.xml"), StringComparison.Ordinal);

        await house.WithAsync<Archives, Outcome<IssuePage>>(a => a.WithdrawAsync(house.Ann, id, back: true, default));
        Assert.Equal(HttpStatusCode.OK, (await house.Visitor.GetAsync($"/lists/ann/letters/issues/{id}")).StatusCode);
    }

    [Fact]
    public async Task A_closed_archive_shows_nothing_and_its_mails_do_not_point_to_it()
    {
        using var house = await ReaderHouse.StartAsync();
        var id = await house.SentAsync("Between us");
        await house.ChangeAsync(c => c with { Archive = false });

        Assert.Equal(HttpStatusCode.NotFound, (await house.Visitor.GetAsync($"/lists/ann/letters/issues/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await house.Visitor.GetAsync("/lists/ann/letters/feed.xml")).StatusCode);
        Assert.DoesNotContain("Between us", await house.Visitor.GetStringAsync("/lists/ann/letters"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "Leave this list?")]
    [InlineData("de", "Diese Liste verlassen?")]
    [InlineData("fr", "Quitter cette liste ?")]
    [InlineData("it", "Lasciare questa lista?")]
    public async Task Readers_are_spoken_to_in_the_language_of_the_list_within_the_budget(string language, string heading)
    {
        using var house = await ReaderHouse.StartAsync(language: language);
        await house.SentAsync("One");
        await house.ImportAsync("email\nmira@example.net\n");
        await house.SignUpAsync("new@example.net");
        string[] pages = [
            "/lists/ann/letters", await house.LinkAsync(TokenPurpose.Leave, "mira@example.net"), await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net"),
            await house.LetterLinkAsync("new@example.net")];
        foreach (var path in pages)
        {
            var page = await house.Visitor.GetStringAsync(path);
            Assert.Contains($"<html lang=\"{language}\">", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
            Assert.True(page.Length + Web.Face.Compressed("wwwroot/panel.css") < 15_000, $"{path}: {page.Length} bytes beside the style sheet");
            Assert.Equal(1, page.Split("rel=\"stylesheet\"").Length - 1);
        }

        Assert.Contains(heading, WebUtility.HtmlDecode(await house.Visitor.GetStringAsync(pages[1])), StringComparison.Ordinal);
    }
}
