using System.Text;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Services.Hosting.ProgramMails;
using Panel.Services.Members;
using Panel.Tests.Mail;

namespace Panel.Tests.Hosting;

/// <summary>What members' programs may send, against a relay on loopback.</summary>
public sealed class ProgramMailTests
{
    private const string Plain = "To: you@example.org\nSubject: Hi\nFrom: Ann <ann@web.ann.localhost>\n\nHello\n.\nthere";

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Goes_out_in_the_members_own_name_only_and_never_shows_who_got_a_copy(string provider)
    {
        await using var sink = ScriptedSink.Start();
        using var app = House(provider, sink);
        var ann = await SiteOfAsync(app, "ann");
        await SiteOfAsync(app, "bob");

        Assert.Null(await SendAsync(app, ann, "", Plain.Replace("Subject", "Bcc: hidden@example.org\nSubject", StringComparison.Ordinal)));
        Assert.Equal(2, sink.Accepted.Count);
        Assert.All(sink.Accepted, m => Assert.DoesNotContain("hidden", m.Text, StringComparison.Ordinal));
        Assert.All(sink.Accepted, m => Assert.Contains("Message-ID: <", m.Text, StringComparison.Ordinal));

        // Class 7: another member's name, nobody's name, and a sender that the header does not show.
        foreach (var from in new[] { "bob@web.bob.localhost", "ann@gmail.com", "x@localhost", "ann@web.ann.localhost, bob@web.bob.localhost", "ann@evil.web.ann.localhost" })
        {
            Assert.NotNull(await SendAsync(app, ann, "", Plain.Replace("Ann <ann@web.ann.localhost>", from, StringComparison.Ordinal)));
        }

        Assert.NotNull(await SendAsync(app, ann, "bob@web.bob.localhost", Plain));
        Assert.NotNull(await SendAsync(app, 0, "", Plain));
        Assert.NotNull(await SendAsync(app, ann + 1000, "", Plain));
        Assert.Equal(2, sink.Accepted.Count);
    }

    [Theory]
    [InlineData("To: you@example.org\nTo: they@example.org\nFrom: ann@web.ann.localhost\n\nx")]
    [InlineData("To: you@example.org\nFrom: ann@web.ann.localhost\nFrom: bob@web.bob.localhost\n\nx")]
    [InlineData("To: you@example.org>\r\nRCPT TO:<they@example.org\nFrom: ann@web.ann.localhost\n\nx")]
    [InlineData("To: \nFrom: ann@web.ann.localhost\n\nx")]
    [InlineData("no header\n\nx")]
    [InlineData("To: you@example.org\nFrom: ann@web.ann.localhost\n\nx\0")]
    public async Task Class_3_what_a_visitor_put_into_a_header_is_refused(string message)
    {
        await using var sink = ScriptedSink.Start();
        using var app = House("sqlite", sink);
        Assert.NotNull(await SendAsync(app, await SiteOfAsync(app, "ann"), "", message));
        Assert.Empty(sink.Accepted);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Counts_in_the_package_and_gives_back_what_the_relay_did_not_take(string provider)
    {
        await using var sink = ScriptedSink.Start();
        using var app = House(provider, sink);
        Assert.Null((await app.WithAsync<Packages, Outcome<PackagePage>>(p => p.AddAsync(PanelApp.Admin, new PackageLimits("tiny", 1 << 20, 5, 5, 5, 5, 3), CancellationToken.None))).Refused);
        var ann = await SiteOfAsync(app, "ann", "tiny");
        Assert.Null(await SendAsync(app, ann, "", Plain));
        Assert.Null(await SendAsync(app, ann, "", Plain.Replace("you@example.org", "a@example.org, b@example.org", StringComparison.Ordinal)));
        Assert.Contains("3 mails a month", await SendAsync(app, ann, "", Plain), StringComparison.Ordinal);
        Assert.Equal(3, sink.Accepted.Count);
    }

    [Fact]
    public async Task Without_a_relay_it_says_so()
    {
        using var app = new PanelApp();
        Assert.Contains("no mail relay", await SendAsync(app, await SiteOfAsync(app, "ann"), "", Plain), StringComparison.Ordinal);
    }

    private static PanelApp House(string provider, ScriptedSink sink) => new(
        provider, ("Mail:Transport", "smtp"), ("Mail:Smtp:Port", sink.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    private static async Task<uint> SiteOfAsync(PanelApp app, string handle, string? package = null)
    {
        var added = await app.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m => m.AddAsync(PanelApp.Admin, new NewMember(handle, $"{handle}@example.org", Package: package), CancellationToken.None));
        Assert.Null((await app.WithAsync<Sites, Outcome<SitePage>>(s => s.AddAsync(PanelApp.Admin, handle, new NewSite("web", "php"), CancellationToken.None))).Refused);
        return (uint)(Member.FirstUid + added.Value!.Id);
    }

    private static async Task<string?> SendAsync(PanelApp app, uint uid, string sender, string message) =>
        (await app.WithAsync<ProgramMails, Outcome<Done>>(m => m.SendAsync(uid, sender, Encoding.UTF8.GetBytes(message), CancellationToken.None))).Refused?.Message;
}
