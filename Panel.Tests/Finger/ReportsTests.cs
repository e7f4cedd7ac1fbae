using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Finger.Reports;
using Panel.Services.Newsletters;
using Panel.Tests.Members;
using static Panel.Tests.Finger.FingerSteps;

namespace Panel.Tests.Finger;

/// <summary>R16: a reader reports a page, an admin takes it down or dismisses the report, the member is told.</summary>
public class ReportsTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task R16_a_report_is_answered_by_a_takedown_that_answers_all_of_them_and_tells_everybody_once(string provider)
    {
        using var app = House(provider, new ManualTime());
        var (boss, ann) = (await app.MemberAsync("boss", admin: true), await app.MemberAsync("ann"));
        await app.SetAsync("ann", new FingerChanges(Plan: "Buy now."));
        await ReportAsync(app, "ann", new NewReport(ReportReason.Spam, "  Line 1\r\nis an advertisement.\n", "reader@example.net"));
        await ReportAsync(app, "ann", new NewReport(ReportReason.Other, "Me too", null));
        var open = await ListAsync(app, boss);
        Assert.Equal([("ann", ReportReason.Spam, "Line 1\nis an advertisement.", "reader@example.net", "192.0.2.0/24", "open"), ("ann", ReportReason.Other, "Me too", null, "192.0.2.0/24", "open")],
            open.Select(r => (r.Handle, r.Reason, r.Text, r.Contact, r.Network, r.State)));

        Assert.Equal("reason", (await AnswerAsync(app, boss, open[0].Id, new ReportAnswer(true, " "))).Refused!.Field);
        var answered = await AnswerAsync(app, boss, open[0].Id, new ReportAnswer(true, "No advertising here."));

        Assert.Equal(("takenDown", "boss", "No advertising here.", null), (answered.Value!.State, answered.Value.AnsweredBy, answered.Value.Answer, answered.Value.Contact));
        Assert.All(await ListAsync(app, boss), r => Assert.Equal(("takenDown", null), (r.State, r.Contact)));
        Assert.Equal("There is nobody here by that name.\r\n", await app.AskAsync("ann"));
        var account = (await app.WithAsync<FingerAccounts, Outcome<FingerPage>>(a => a.ShowAsync(ann, "ann", CancellationToken.None))).Value!;
        Assert.Equal((true, "No advertising here."), (account.Withheld, account.WithheldReason));
        var audit = (await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(ann, "ann", null, CancellationToken.None))).Value!;
        Assert.Equal(("boss", "finger.set"), (audit[0].Actor, audit[0].Action));
        Assert.Contains(new AuditChange("openReports", "2", "0"), audit[0].Changes);
        Assert.DoesNotContain(audit.SelectMany(a => a.Changes), c => $"{c.Old}{c.New}".Contains("reader@", StringComparison.Ordinal));
        var letters = await LettersAsync(app);
        Assert.Equal(["ann@example.org", "reader@example.net"], letters.Select(l => l.Email).Order());
        Assert.Contains("No advertising here.", letters.Single(l => l.Email == "ann@example.org").Text, StringComparison.Ordinal);
        Assert.DoesNotContain("No advertising", letters.Single(l => l.Email != "ann@example.org").Text, StringComparison.Ordinal);
        Assert.IsType<InTheWay>((await AnswerAsync(app, boss, open[1].Id, new ReportAnswer(true, "Again"))).Refused);
        Assert.IsType<NotThere>(await ReportAsync(app, "ann", new NewReport(ReportReason.Spam, null, null), refused: true));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task R16_a_dismissed_report_changes_nothing_and_the_member_finds_it_in_the_audit(string provider)
    {
        using var app = House(provider, new ManualTime());
        var (boss, ann) = (await app.MemberAsync("boss", admin: true), await app.MemberAsync("ann"));
        await ReportAsync(app, "ann", new NewReport(ReportReason.Unlawful, "", "reader@example.net"));
        var id = (await ListAsync(app, boss))[0].Id;

        Assert.Equal("takeDown", (await AnswerAsync(app, boss, id, new ReportAnswer(null, "x"))).Refused!.Field);
        Assert.Equal("dismissed", (await AnswerAsync(app, boss, id, new ReportAnswer(false, "It is art."))).Value!.State);

        Assert.StartsWith("Login: ann\r\n", await app.AskAsync("ann"), StringComparison.Ordinal);
        var entry = (await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(ann, "ann", null, CancellationToken.None))).Value![0];
        Assert.Equal(("boss", "report.dismiss"), (entry.Actor, entry.Action));
        Assert.Contains(new AuditChange("reason", null, "It is art."), entry.Changes);
        Assert.Equal("reader@example.net", Assert.Single(await LettersAsync(app)).Email);
        Assert.IsType<InTheWay>((await AnswerAsync(app, boss, id, new ReportAnswer(false, null))).Refused);
    }

    [Fact]
    public async Task Class_7_and_9_only_admins_read_and_answer_reports_through_every_door()
    {
        using var app = House();
        var (boss, ann) = (await app.MemberAsync("boss", admin: true), await app.MemberAsync("ann"));
        await ReportAsync(app, "ann", new NewReport(ReportReason.Spam, null, null));
        using var hers = await app.TokenClientAsync(ann);
        using var admin = await app.TokenClientAsync(boss);

        Assert.Equal(HttpStatusCode.Forbidden, (await hers.GetAsync("/api/v1/finger/reports")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await hers.PutAsJsonAsync("/api/v1/finger/reports/1", new { takeDown = false })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await hers.GetAsync("/api/v1/finger/counters")).StatusCode);
        Assert.Equal(0, JsonNode.Parse(await admin.GetStringAsync("/api/v1/finger/counters"))!["queries"]!["shown"]!.GetValue<int>());
        Assert.Equal("open", JsonNode.Parse(await admin.GetStringAsync("/api/v1/finger/reports"))![0]!["state"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await admin.PutAsJsonAsync("/api/v1/finger/reports/99", new { takeDown = false })).StatusCode);
        using var answered = await admin.PutAsJsonAsync("/api/v1/finger/reports/1", new { takeDown = true, reason = "Spam" });
        Assert.Equal("takenDown", JsonNode.Parse(await answered.Content.ReadAsStringAsync())!["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task R16_the_journey_of_a_report_on_pages_without_script_or_cookie()
    {
        using var app = new PanelApp(more: [("Finger:Host", "house.example"), ("Finger:AbuseContact", "care@house.example")]);
        using var boss = await app.SignInAsync("boss", admin: true);
        using var ann = await app.SignInAsync("ann");
        using var visitor = app.Visitor();

        Assert.Contains("href=\"/~ann/report\"", await visitor.GetStringAsync("/~ann"), StringComparison.Ordinal);
        using var form = await visitor.GetAsync("/~ann/report");
        var page = await form.Content.ReadAsStringAsync();
        Assert.False(form.Headers.Contains("Set-Cookie"));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("mailto:care@house.example?subject=Report%3A%20ann%40house.example", page, StringComparison.Ordinal);
        using var empty = await SendAsync(visitor, ("Text", "kept words"), ("Contact", "no address"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.StatusCode);
        Assert.Contains("kept words</textarea>", await empty.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var program = await SendAsync(visitor, ("Reason", "Spam"), ("Website", "https://x"));
        using var sent = await SendAsync(visitor, ("Reason", "Commands"), ("Text", "<b>line 2</b>"));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (program.StatusCode, sent.StatusCode));
        Assert.False(sent.Headers.Contains("Set-Cookie"));

        Assert.Contains("A reader reported a page.", await boss.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.DoesNotContain("reported", await ann.GetStringAsync("/"), StringComparison.Ordinal);
        var care = await boss.GetStringAsync("/care");
        Assert.Contains("&lt;b&gt;line 2&lt;/b&gt;", care, StringComparison.Ordinal);
        Assert.Contains("It tells people to run commands", care, StringComparison.Ordinal);
        using var noReason = await boss.SendFormAsync("/care", "/care/reports/1", ("answer", "takedown"), ("reason", ""));
        Assert.Contains("Say why", await boss.GetStringAsync("/care"), StringComparison.Ordinal);
        using var down = await boss.SendFormAsync("/care", "/care/reports/1", ("answer", "takedown"), ("reason", "No commands, please."));
        Assert.Equal((HttpStatusCode.SeeOther, "/care"), (down.StatusCode, down.Headers.Location!.ToString()));
        Assert.Contains("Taken down", await boss.GetStringAsync("/care"), StringComparison.Ordinal);
        Assert.Contains("No commands, please.", await ann.GetStringAsync("/"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await visitor.GetAsync("/~ann/report")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(visitor, ("Reason", "Spam"))).StatusCode);
    }

    [Fact]
    public async Task Class_19_one_address_sends_few_reports_and_a_flood_from_everywhere_ends()
    {
        using var app = House();
        await app.MemberAsync("ann");
        var spam = new NewReport(ReportReason.Spam, null, null);
        for (var i = 0; i < ReportGuard.PerAddress; i++)
        {
            await ReportAsync(app, "ann", spam, IPAddress.Parse("2001:db8:1:1::1"));
        }

        Assert.Contains("later", (await ReportAsync(app, "ann", spam, IPAddress.Parse("2001:db8:1:1:ffff::2"), refused: true))!.Message, StringComparison.Ordinal);
        await ReportAsync(app, "ann", spam, IPAddress.Parse("2001:db8:2:1::1"));
        for (var i = 0; i < 94; i++)
        {
            await ReportAsync(app, "ann", spam, new IPAddress([10, (byte)i, 0, 1]));
        }

        Assert.Contains("many reports", (await ReportAsync(app, "ann", spam, IPAddress.Parse("11.0.0.1"), refused: true))!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reason", null, "x", null)]
    [InlineData("reason", (ReportReason)99, "x", null)]
    [InlineData("text", ReportReason.Other, " ", null)]
    [InlineData("text", ReportReason.Spam, "bell\u0007", null)]
    [InlineData("contact", ReportReason.Spam, "x", "a@b\r\nBcc: c@d")]
    public async Task Class_1_a_report_that_does_not_hold_is_refused_with_its_field(string field, ReportReason? reason, string text, string? contact)
    {
        using var app = House();
        await app.MemberAsync("ann");

        Assert.Equal(field, (await ReportAsync(app, "ann", new NewReport(reason, text, contact), refused: true))!.Field);
        Assert.Equal("text", (await ReportAsync(app, "ann", new NewReport(ReportReason.Spam, new string('x', 2_001), null), refused: true))!.Field);
        Assert.Empty(await ListAsync(app, PanelApp.Admin));
    }

    private static async Task<Refusal?> ReportAsync(PanelApp app, string handle, NewReport report, IPAddress? from = null, bool refused = false)
    {
        var added = await app.WithAsync<FingerReports, Outcome<Done>>(r => r.AddAsync(handle, report, from ?? IPAddress.Parse("192.0.2.7"), CancellationToken.None));
        Assert.Equal(refused, added.Refused is not null);
        return added.Refused;
    }

    private static async Task<IReadOnlyList<ReportPage>> ListAsync(PanelApp app, Actor by) =>
        (await app.WithAsync<FingerReports, Outcome<IReadOnlyList<ReportPage>>>(r => r.ListAsync(by, CancellationToken.None))).Value!;

    private static Task<Outcome<ReportPage>> AnswerAsync(PanelApp app, Actor by, long id, ReportAnswer answer) =>
        app.WithAsync<FingerReports, Outcome<ReportPage>>(r => r.AnswerAsync(by, id, answer, CancellationToken.None));

    private static async Task<List<Letter>> LettersAsync(PanelApp app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<PanelDb>().Set<Letter>().AsNoTracking().Where(l => l.Kind.StartsWith("finger")).ToListAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient visitor, params (string Key, string Value)[] fields)
    {
        using var form = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Key, f.Value)));
        return await visitor.PostAsync("/~ann/report", form);
    }
}
