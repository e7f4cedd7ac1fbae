using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>The leave address as RFC 8058 and newsletter rules U1-U8 want it.</summary>
public sealed class LeavingTests : IDisposable
{
    private readonly PanelApp app = new();

    public static TheoryData<string> Encodings => ["urlencoded", "multipart", "empty", "nul", "json", "torn multipart", "no kind", "an image", "another word"];

    [Theory, MemberData(nameof(Encodings))]
    public async Task U1_one_click_works_in_every_encoding(string encoding)
    {
        var (token, client) = await OneOnTheListAsync();
        using HttpContent? body = encoding switch
        {
            "urlencoded" => new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]),
            "multipart" => new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } },
            "nul" => new StringContent("List-Unsubscribe=One\0Click%00", System.Text.Encoding.UTF8, "application/x-www-form-urlencoded"),
            "json" => new StringContent("{\"List-Unsubscribe\":", System.Text.Encoding.UTF8, "application/json"),
            "torn multipart" => Kind(new StringContent("--x\r\nContent-Disposition: form-data; name=\"List-Unsub"), "multipart/form-data; boundary=x"),
            "no kind" => Kind(new StringContent("List-Unsubscribe=One-Click"), null),
            "an image" => Kind(new ByteArrayContent([0x89, 0x50, 0, 255]), "image/png"),
            "another word" => new FormUrlEncodedContent([new("List-Unsubscribe", "Yes"), new("__RequestVerificationToken", "x")]),
            _ => null,
        };

        var answer = await client.PostAsync(new Uri($"/u/{token}", UriKind.Relative), body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(SubscriberState.Left, await StateAsync());
    }

    private static HttpContent Kind(HttpContent body, string? kind)
    {
        body.Headers.ContentType = kind is null ? null : System.Net.Http.Headers.MediaTypeHeaderValue.Parse(kind);
        return body;
    }

    [Fact]
    public async Task U2_U3_no_cookie_is_needed_or_set_and_nothing_is_redirected()
    {
        var (token, client) = await OneOnTheListAsync();
        foreach (var address in new[] { $"/u/{token}", $"/u/{token.ToUpperInvariant()}", $"/u/{token}/" })
        {
            using var body = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
            var answer = await client.PostAsync(new Uri(address, UriKind.Relative), body);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task U4_looking_changes_nothing()
    {
        var (token, client) = await OneOnTheListAsync();
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Get, HttpMethod.Head, HttpMethod.Options, HttpMethod.Get })
        {
            using var request = new HttpRequestMessage(method, $"/u/{token}");
            await client.SendAsync(request);
        }

        Assert.Equal(SubscriberState.Confirmed, await StateAsync());
    }

    [Fact]
    public async Task U5_a_bent_token_leaves_nobody()
    {
        var (token, client) = await OneOnTheListAsync();
        foreach (var at in Enumerable.Range(0, token.Length))
        {
            var bent = token[..at] + (token[at] == 'a' ? 'b' : 'a') + token[(at + 1)..];
            var answer = await client.PostAsync(new Uri($"/u/{bent}", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal(SubscriberState.Confirmed, await StateAsync());
    }

    [Fact]
    public async Task U7_leaving_twice_is_as_good_as_once_and_can_be_taken_back()
    {
        var (token, client) = await OneOnTheListAsync();
        await client.PostAsync(new Uri($"/u/{token}", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(new Uri($"/u/{token}", UriKind.Relative), null)).StatusCode);
        Assert.Equal(SubscriberState.Left, await StateAsync());

        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(new Uri($"/u/{token}/return", UriKind.Relative), null)).StatusCode);
        Assert.Equal(SubscriberState.Confirmed, await StateAsync());
    }

    [Fact]
    public async Task F18_an_import_never_brings_back_who_left()
    {
        var (token, client) = await OneOnTheListAsync();
        await client.PostAsync(new Uri($"/u/{token}", UriKind.Relative), null);

        var report = await ImportAsync("email\nMIRA@example.net\nnew@example.net\n");

        Assert.Equal((1, 1), (report.Added, report.Kept));
        Assert.Equal(SubscriberState.Left, await StateAsync());
    }

    [Fact]
    public void A_token_of_one_purpose_opens_no_other_door_and_fits_a_local_part()
    {
        using var scope = app.Services.CreateScope();
        var tokens = (ReaderTokens)scope.ServiceProvider.GetService(typeof(ReaderTokens))!;
        var token = tokens.Make(TokenPurpose.Leave, new Reader(int.MaxValue, int.MaxValue, 65_535));

        Assert.True(token.Length <= 50, $"{token.Length} characters");
        Assert.Equal(new Reader(int.MaxValue, int.MaxValue, 65_535), tokens.Read(TokenPurpose.Leave, token.ToUpperInvariant()));
        Assert.All(Enum.GetValues<TokenPurpose>().Where(p => p != TokenPurpose.Leave), p => Assert.Null(tokens.Read(p, token)));
    }

    public void Dispose() => app.Dispose();

    private async Task<(string Token, HttpClient Client)> OneOnTheListAsync()
    {
        await app.MemberAsync("ann");
        await app.WithAsync<Lists, Outcome<ListPage>>(l =>
            l.AddAsync(PanelApp.Admin, "ann", new NewList("letters", "Studio letters", "Ann <letters@annart.example>"), CancellationToken.None));
        await ImportAsync("email\nmira@example.net\n");
        var tokens = (ReaderTokens)app.Services.GetService(typeof(ReaderTokens))!;
        return (tokens.Make(TokenPurpose.Leave, new Reader(1, 1, 1)), app.Visitor());
    }

    private async Task<ImportReport> ImportAsync(string csv)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(csv));
        return (await app.WithAsync<Subscribers, Outcome<ImportReport>>(s =>
            s.ImportAsync(PanelApp.Admin, "ann", "letters", stream, "signed the paper list in May", CancellationToken.None))).Value!;
    }

    private async Task<SubscriberState> StateAsync() =>
        (await app.WithAsync<Subscribers, Outcome<IReadOnlyList<SubscriberPage>>>(s => s.ListAsync(PanelApp.Admin, "ann", "letters", null, null, CancellationToken.None))).Value![0].State;
}
