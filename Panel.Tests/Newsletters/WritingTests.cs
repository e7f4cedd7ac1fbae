using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Writing;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

/// <summary>Writing an issue: nothing is lost, and what is wrong is said before it is sent.</summary>
public sealed class WritingTests
{
    private static readonly byte[] Png = [0x89, .. "PNG\r\n\x1a\n and the rest"u8];

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Two_who_save_at_once_lose_nothing(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        var draft = await DraftAsync(house, "Hello", "first");
        var theirs = await SaveAsync(house, draft.Id, new IssueWords("Hello", "theirs", draft.ChangedAt));
        var mine = await SaveAsync(house, draft.Id, new IssueWords("Hello", "mine", draft.ChangedAt));

        Assert.True(theirs.Succeeded);
        Assert.IsType<Overtaken>(mine.Refused);
        var versions = (await house.WithAsync<IssueVersions, Outcome<IReadOnlyList<VersionPage>>>(v => v.ListAsync(house.Ann, draft.Id, default))).Value!;
        Assert.Equal([("late", "mine"), ("earlier", "first")], versions.Select(v => (v.Kind, v.Markdown)));

        await house.WithAsync<IssueVersions, Outcome<IssuePage>>(v => v.RestoreAsync(house.Ann, draft.Id, versions[0].Id, default));
        Assert.Equal("mine", (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.ShowAsync(house.Ann, draft.Id, default))).Value!.Markdown);
    }

    [Fact]
    public async Task The_composer_saves_by_itself_and_tells_the_next_save_what_it_knows()
    {
        using var house = await ReaderHouse.StartAsync();
        using var ann = await SignInAsync(house);
        var draft = await DraftAsync(house, "Hello", "first");
        var address = $"/newsletters/letters/issues/{draft.Id}";
        using var saved = await ann.SendFormAsync(
            $"{address}/edit", address, ("Form.Subject", "Hello"), ("Form.Markdown", "second"), ("Form.Then", "auto"), ("Form.Base", $"{draft.ChangedAt.Ticks}"));
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        var known = saved.Headers.GetValues("X-Base").Single();
        using var late = await ann.SendFormAsync(
            $"{address}/edit", address, ("Form.Subject", "Hello"), ("Form.Markdown", "an older tab"), ("Form.Then", "save"), ("Form.Base", $"{draft.ChangedAt.Ticks}"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, late.StatusCode);
        var page = await late.Content.ReadAsStringAsync();
        Assert.Contains("an older tab", page, StringComparison.Ordinal);
        Assert.Contains(">second</pre>", page, StringComparison.Ordinal);
        using var next = await ann.SendFormAsync($"{address}/edit", address, ("Form.Subject", "Hello"), ("Form.Markdown", "third"), ("Form.Base", known));
        Assert.Equal(HttpStatusCode.SeeOther, next.StatusCode);
        using var versions = await ann.GetAsync($"{address}/versions");
        Assert.Equal(HttpStatusCode.OK, versions.StatusCode);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V3_V7_an_image_is_a_picture_with_words_and_goes_with_its_issue(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        Assert.Equal("alt", (await ImageAsync(house, Png, " ")).Refused!.Field);
        Assert.Equal("image", (await ImageAsync(house, Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"), "a picture")).Refused!.Field);
        Assert.Equal("image", (await ImageAsync(house, new byte[ListImages.MostBytes + 1], "a picture")).Refused!.Field);
        var image = (await ImageAsync(house, Png, "the studio at night")).Value!;
        var id = await house.SentAsync("With a picture", $"Look:\n\n{image.Markdown}");

        using var shown = await house.Visitor.GetAsync(image.Url.AbsolutePath);
        Assert.Equal((HttpStatusCode.OK, "image/png"), (shown.StatusCode, shown.Content.Headers.ContentType!.MediaType));
        Assert.Equal("nosniff", shown.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("alt=\"the studio at night\"", await house.Visitor.GetStringAsync($"/lists/ann/letters/issues/{id}"), StringComparison.Ordinal);
        await house.WithAsync<Archives, Outcome<IssuePage>>(a => a.WithdrawAsync(house.Ann, id, back: false, default));
        using var gone = await house.Visitor.GetAsync(image.Url.AbsolutePath);
        Assert.Equal(HttpStatusCode.Gone, gone.StatusCode);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V3_hostile_uploads_of_a_writer_are_refused_in_words_and_lose_no_text(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        using var ann = await SignInAsync(house);
        var draft = await DraftAsync(house, "Hello", "first");
        var address = $"/newsletters/letters/issues/{draft.Id}";
        async Task<HttpResponseMessage> UploadAsync(byte[] content, string file, string words, params (string Name, string Value)[] more)
        {
            using var form = new MultipartFormDataContent { { new ByteArrayContent(content), "Form.Image", file } };
            foreach (var (name, value) in more.Concat([("Form.Subject", "Hello"), ("Form.Markdown", "all that I wrote"), ("Form.Then", "image"), ("Form.Alt", words), ("__RequestVerificationToken", await ann.TokenAsync($"{address}/edit"))]))
            {
                form.Add(new StringContent(value), name);
            }

            return await ann.PostAsync(address, form);
        }

        foreach (var (content, file, words) in new (byte[], string, string)[]
        {
            ("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray(), "stair.png", "a stair"),
            ("<?php system($_GET['c']); ?>"u8.ToArray(), "stair.png.php", "a stair"),
            ("<html><script>alert(1)</script>"u8.ToArray(), "stair.jpg", "a stair"),
            (new byte[ListImages.MostBytes + 1], "stair.png", "a stair"),
            ([.. Png, .. new byte[ListImages.MostBytes]], "stair.png", "a stair"),
            ([0x89, 0x50], "stair.png", "a stair"),
            ([], "stair.png", "a stair"),
            (Png, "stair.png", ""),
            (Png, "stair.png", "](javascript:alert(1))"),
            (Png, "stair.png", "a\r\nBcc: all@example.org"),
            (Png, "stair.png", new string('x', 251)),
        })
        {
            using var refused = await UploadAsync(content, file, words);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            var page = await refused.Content.ReadAsStringAsync();
            Assert.Contains("all that I wrote", page, StringComparison.Ordinal);
            Assert.Contains("class=\"errors\"", page, StringComparison.Ordinal);
        }

        Assert.Equal(0, await house.WithAsync<PanelDb, int>(db => db.Set<ListImage>().CountAsync()));
        // The name of the file names nothing, and what follows the picture is sent as a picture and never as a page.
        using var made = await UploadAsync([.. Png, .. "<script>alert(1)</script>"u8], "../../../wwwroot/x.html", "a stair");
        Assert.Equal(HttpStatusCode.SeeOther, made.StatusCode);
        var kept = await house.WithAsync<PanelDb, ListImage>(db => db.Set<ListImage>().AsNoTracking().SingleAsync());
        using var shown = await house.Visitor.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/lists/ann/letters/images/{kept.Hash}.{kept.Type}"));
        Assert.Equal((HttpStatusCode.OK, "image/png", "nosniff"), (shown.StatusCode, shown.Content.Headers.ContentType!.MediaType, shown.Headers.GetValues("X-Content-Type-Options").Single()));
        Assert.Contains("sandbox", shown.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        // Another's list, and none.
        using var stranger = new MultipartFormDataContent { { new ByteArrayContent(Png), "Form.Image", "x.png" } };
        Assert.NotEqual(HttpStatusCode.OK, (await house.Visitor.PostAsync(address, stranger)).StatusCode);
        Assert.Equal(1, await house.WithAsync<PanelDb, int>(db => db.Set<ListImage>().CountAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task The_same_image_many_times_at_once_is_one_and_all_lists_of_a_member_have_room_for_so_much(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        var same = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ImageAsync(house, Png, "a stair")));
        Assert.Single(same.Select(i => i.Value!.Url).Distinct());
        Assert.Equal(1, await house.WithAsync<PanelDb, int>(db => db.Set<ListImage>().CountAsync()));

        // 127 of the largest in a list that was removed, and there is room for one more less what is there.
        await house.WithAsync<PanelDb, int>(async db =>
        {
            var list = await db.Set<MailingList>().SingleAsync();
            var removed = new MailingList { MemberId = list.MemberId, Name = "old", Title = "Old", FromName = list.FromName, FromEmail = list.FromEmail, ConsentText = list.ConsentText, RemovedAt = DateTime.UtcNow };
            db.Add(removed);
            await db.SaveChangesAsync();
            for (var i = 0; i < 127; i++)
            {
                db.Add(new ListImage { ListId = removed.Id, Hash = $"{i:x32}", Type = "png", Content = new byte[ListImages.MostBytes], At = DateTime.UtcNow });
                await db.SaveChangesAsync();
                db.ChangeTracker.Clear();
            }

            return 0;
        });
        Assert.True((await ImageAsync(house, [.. Png, .. new byte[ListImages.MostBytes - 100]], "a stair")).Succeeded);
        Assert.Contains("256 MB", (await ImageAsync(house, [.. Png, .. new byte[100]], "a stair")).Refused!.Message, StringComparison.Ordinal);
        Assert.True((await ImageAsync(house, Png, "again the one that is there")).Succeeded);
    }

    [Fact]
    public async Task What_is_wrong_is_said_before_it_is_sent()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.SentAsync("Before");
        await house.RowsAsync(db => db.Set<Issue>().ExecuteUpdateAsync(set => set.SetProperty(i => i.Mails, 1)));
        await house.ImportAsync("email\na@example.net\nb@example.net\n");
        var draft = await DraftAsync(house, new string('s', 80),
            "[https://bank.test](https://evil.test/x) and [here](http://plain.test) and [](https://empty.test)\n\n" + string.Concat(Enumerable.Repeat("& ", 22_000)));
        var said = (await house.WithAsync<IssueChecks, Outcome<IReadOnlyList<IssueCheck>>>(c => c.CheckAsync(house.Ann, draft.Id, default))).Value!;

        Assert.Equal(["link", "link", "link", "people", "postal address", "size", "subject"], said.Select(c => c.What).Order(StringComparer.Ordinal));
        var blind = await DraftAsync(house, "Hello", "![](https://a.test/x.png)");
        Assert.Contains((await house.WithAsync<IssueChecks, Outcome<IReadOnlyList<IssueCheck>>>(c => c.CheckAsync(house.Ann, blind.Id, default))).Value!, c => c.Stops && c.Words.Contains("no description", StringComparison.Ordinal));
        Assert.Contains(said, c => c.Words.Contains("says bank.test but leads to evil.test", StringComparison.Ordinal));
        Assert.Contains(said, c => c.Words.Contains("last issue went to 1 people, this one goes to 2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task V2_the_preview_is_read_as_anybody_in_any_light_under_a_policy_of_its_own()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email,name\nmira@example.net,Mira <b>\n");
        using var ann = await SignInAsync(house);
        var draft = await DraftAsync(house, "Hello", "Dear {name|friend},");
        var address = $"/newsletters/letters/issues/{draft.Id}/preview";
        var mira = await house.RowsAsync(db => db.Set<Subscriber>().Select(s => s.Id).SingleAsync());

        Assert.Contains("Dear friend,", await ann.GetStringAsync(address), StringComparison.Ordinal);
        Assert.Contains("Dear Mira &lt;b&gt;,", await ann.GetStringAsync($"{address}?reader={mira}"), StringComparison.Ordinal);
        Assert.Contains("@media all{", await ann.GetStringAsync($"{address}?look=dark"), StringComparison.Ordinal);
        using var text = await ann.GetAsync($"{address}?look=text&reader={mira}");
        Assert.Equal("text/plain", text.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("sandbox", text.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V1_fields_of_the_list_arrive_and_others_are_refused(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.WithAsync<Lists, Outcome<ListPage>>(l => l.UpdateAsync(house.Ann, "ann", "letters", new ListChange("Letters", "", "1 Main Street", Lists.DefaultConsent, Fields: "city"), default));
        using var csv = new MemoryStream(Encoding.UTF8.GetBytes("email,name,city\na@a.example,Anna,Bern\nb@a.example,,\n"));
        await house.WithAsync<Subscribers, Outcome<ImportReport>>(s => s.ImportAsync(house.Ann, "ann", "letters", csv, "signed the paper list", default));
        var id = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords("News", "Dear {name|friend} in {city|your town}"), default))).Value!.Id;
        await house.SendAsync(id);
        await house.WaitForAsync(id, IssueState.Sent);

        var mails = house.Sink.Accepted.ToDictionary(m => m.To, m => m.Text.Replace("=20", " ", StringComparison.Ordinal).Replace("=\r\n", "", StringComparison.Ordinal));
        Assert.Contains("Dear Anna in Bern", mails["a@a.example"], StringComparison.Ordinal);
        Assert.Contains("Dear friend in your town", mails["b@a.example"], StringComparison.Ordinal);
        foreach (var hostile in new[] { "{rank|x}", "{city}", "{env|x}" })
        {
            var bad = (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords("News", hostile), default))).Value!.Id;
            Assert.NotNull((await house.WithAsync<Issues, Outcome<IssuePreview>>(i => i.PreviewAsync(house.Ann, bad, default))).Refused);
        }
    }

    private static async Task<IssuePage> DraftAsync(ReaderHouse house, string subject, string markdown) =>
        (await house.WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(house.Ann, "ann", "letters", new IssueWords(subject, markdown), default))).Value!;

    private static Task<Outcome<IssuePage>> SaveAsync(ReaderHouse house, long id, IssueWords words) =>
        house.WithAsync<Issues, Outcome<IssuePage>>(i => i.UpdateAsync(house.Ann, id, words, default));

    private static Task<Outcome<ImageAdded>> ImageAsync(ReaderHouse house, byte[] content, string alt) =>
        house.WithAsync<ListImages, Outcome<ImageAdded>>(i => i.AddAsync(house.Ann, "ann", "letters", content, alt, default));

    private static async Task<HttpClient> SignInAsync(ReaderHouse house)
    {
        var invited = await house.WithAsync<Services.Members.Members, Outcome<Services.Members.MemberAdded>>(m => m.InviteAgainAsync(PanelApp.Admin, "ann", default));
        var browser = house.App.Visitor();
        using var joined = await browser.SendFormAsync(invited.Value!.InviteUrl.AbsolutePath, ("Name", "Ann"), ("Password", Browser.Password));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
        return browser;
    }
}
