using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Mail.Lmtp;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;
using Panel.Services.Newsletters.Returning;
using Panel.Tests.Newsletters;
using Panel.Web.Doors;

namespace Panel.Tests.Mail;

/// <summary>Classes 1 and 12 by mail: what strangers write to the addresses of the house, and what receiving servers say.</summary>
public sealed partial class HostileMailTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Class_1_and_12_hostile_mail_is_taken_as_words_and_no_page_answer_export_or_audit_is_moved_by_it(string provider)
    {
        await using var house = await IssueHouse.StartAsync(
            new SinkScript { Recipient = to => to == "p2@a.example" ? $"550 5.1.1 {HostileMails.Words.Replace('\n', ' ')}" : "250 2.1.5 Ok" }, provider: provider, pauseAt: 90);
        var mails = HostileMails.All().ToList();
        await house.PeopleAsync(["p1@a.example", "p2@a.example", .. mails.Select((_, n) => $"m{n}@a.example")]);
        await house.PeopleAsync("=1+1@a.example", "+cmd@a.example");
        var id = await house.SendNewAsync();
        await house.WaitForAsync(id, IssueState.Sent);

        var addresses = house.App.Services.GetService(typeof(ReturnAddresses)).As<ReturnAddresses>();
        var tokens = house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>();
        var caller = new LmtpCaller(house.App.Services.GetService(typeof(LmtpDoor)).As<LmtpDoor>(), TimeProvider.System);
        await caller.SayAsync("LHLO mx.example\r\n");
        await caller.HeardAsync();
        for (var n = 0; n < mails.Count; n++)
        {
            // To the bounce address of one person, to the leave address as a report (so nobody leaves), and to the complaints box.
            var (bounce, leave) = (addresses.BounceOf(new Reader(house.ListId, n + 3, id)), addresses.LeaveOf(tokens.Make(TokenPurpose.Leave, new Reader(house.ListId, n + 3, id))));
            await caller.SayAsync($"MAIL FROM:<>\r\nRCPT TO:<{bounce}>\r\nRCPT TO:<{leave}>\r\nRCPT TO:<complaints@panel.example>\r\nDATA\r\n");
            Assert.Equal(["250", "250", "250", "250", "354"], Codes(await caller.HeardAsync()));
            byte[] whole = [.. Stuffed(mails[n].Bytes), .. "\r\n.\r\n"u8];
            await caller.SayAsync(whole);
            Assert.True(!caller.Served.IsCompleted, $"{mails[n].Name} ended the conversation: {caller.Served.Exception?.InnerException?.Message}");
            Assert.Equal(["250", "250", "250"], Codes(await caller.HeardAsync()));
        }

        foreach (var sender in new[] { $"\"{HostileMails.Markup}\"@x", "a\0b@x", "\u001b[2J@x", "a@x> SIZE=-1 BODY=\u0007", new string('x', 400), "=1+1@x", "a\rb@x" })
        {
            await caller.SayAsync($"RSET\r\nMAIL FROM:<{sender}>\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<{sender}>\r\nRSET\r\n");
            Assert.All(Codes(await caller.HeardAsync()), code => Assert.Contains(code, new[] { "250", "501", "550" }));
        }

        await PagesAsync(house, id);
        await AnswersAsync(house, id);
        await ExportsAsync(house);
        Assert.Null((await house.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, default))).Value!.Broken);
        var states = (await house.WithAsync<Subscribers, Outcome<IReadOnlyList<SubscriberPage>>>(s => s.ListAsync(PanelApp.Admin, "ann", "letters", null, null, default))).Value!;
        Assert.All(states, s => Assert.Equal(s.Email == "p2@a.example" || s.Email == $"m{mails.FindIndex(m => m.Name == "bounce")}@a.example" ? SubscriberState.Bounced : SubscriberState.Confirmed, s.State));
    }

    [Fact]
    public void Class_19_no_shape_of_a_mail_costs_more_than_its_length()
    {
        var tooMuch = new List<string>();
        foreach (var (name, bytes) in HostileMails.Heavy(1_000_000))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var read = ReturnedMail.ReadAsync("", bytes);
            Assert.True(read.IsCompletedSuccessfully);
            var times = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)bytes.Length;
            if (times > 30)
            {
                tooMuch.Add($"{name}: {times:0.0} times its {bytes.Length} bytes");
            }
        }

        Assert.True(tooMuch.Count == 0, string.Join('\n', tooMuch));
    }

    [Fact]
    public async Task Class_19_a_recipient_named_a_hundred_times_gets_a_message_once()
    {
        var taken = 0;
        var caller = new LmtpCaller(new LmtpDoor(_ => true, (_, _) => Task.FromResult(++taken > 0)), TimeProvider.System);
        await caller.SayAsync($"LHLO x\r\nMAIL FROM:<>\r\n{string.Concat(Enumerable.Range(0, 99).Select(n => $"RCPT TO:<{(n % 2 == 0 ? "complaints" : "COMPLAINTS")}@x>\r\n"))}RCPT TO:<other@x>\r\nDATA\r\n");
        await caller.HeardAsync();
        await caller.SayAsync("x\r\n.\r\n");
        Assert.Equal(Enumerable.Repeat("250", 100), Codes(await caller.HeardAsync()));
        Assert.Equal(2, taken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MAIL FROM:<>\r\nRCPT TO:<complaints@x>\r\nDATA\r\n")]
    public async Task Class_19_a_byte_now_and_then_keeps_no_connection(string first)
    {
        var time = new ManualTime();
        var caller = new LmtpCaller(new LmtpDoor(_ => true, (_, _) => Task.FromResult(true)), time);
        await caller.SayAsync($"LHLO x\r\n{first}");
        for (var minute = 1; minute <= 4; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await caller.SayAsync("x");
            Assert.False(caller.Served.IsCompleted, $"after {minute} minutes");
        }

        time.Advance(TimeSpan.FromSeconds(61));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.Served.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Class_19_whoever_says_whole_commands_is_listened_to()
    {
        var time = new ManualTime();
        var caller = new LmtpCaller(new LmtpDoor(_ => true, (_, _) => Task.FromResult(true)), time);
        await caller.SayAsync("LHLO x\r\n");
        for (var n = 0; n < 3; n++)
        {
            time.Advance(TimeSpan.FromMinutes(4));
            await caller.SayAsync("MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n");
            time.Advance(TimeSpan.FromMinutes(4));
            await caller.SayAsync("x\r\n.\r\n");
        }

        Assert.False(caller.Served.IsCompleted);
        await caller.SayAsync("QUIT\r\n");
        await caller.Served.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task PagesAsync(IssueHouse house, long id)
    {
        using var browser = await house.SignInAsync();
        var seen = 0;
        foreach (var path in new[] { "letters/returned", "letters/returned?kind=hard", "letters/returned?kind=unclear", $"letters/issues/{id}", $"letters/issues/{id}/domains", "letters/subscribers", "letters" }
            .Select(p => $"/newsletters/{p}").Append("/account/audit").Append("/"))
        {
            using var answer = await browser.GetAsync(new Uri(path, UriKind.Relative));
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {answer.StatusCode}");
            Assert.Equal(Pages.ContentPolicy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
            var page = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotContain("<script>alert", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("<img src=x", page, StringComparison.OrdinalIgnoreCase);
            Assert.True(Unfit().Match(WebUtility.HtmlDecode(page)) is { Success: false }, path);
            seen += WebUtility.HtmlDecode(page).Contains("<script>alert(1)", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.True(seen >= 4, $"the words were on {seen} pages only");
    }

    private static async Task AnswersAsync(IssueHouse house, long id)
    {
        using var client = await house.App.TokenClientAsync(house.Ann);
        foreach (var (path, words) in new[] { ("members/ann/lists/letters/returned", true), ($"issues/{id}/report?deliveries=true", true), ($"issues/{id}/report/domains", true), ("audit?member=ann", false) })
        {
            using var answer = await client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path}: {text}");
            Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
            var strings = Strings(JsonNode.Parse(text)).ToList();
            Assert.DoesNotContain(strings, s => Unfit().IsMatch(s));
            Assert.Equal(words, strings.Exists(s => s.Contains("<script>", StringComparison.Ordinal)));
        }
    }

    private static async Task ExportsAsync(IssueHouse house)
    {
        using var client = await house.App.TokenClientAsync(house.Ann);
        var csv = await client.GetStringAsync(new Uri("/api/v1/members/ann/lists/letters/subscribers/export", UriKind.Relative));
        Assert.Contains("'=1+1@a.example", csv, StringComparison.Ordinal);
        await using var zip = await client.GetStreamAsync(new Uri("/api/v1/members/ann/lists/letters/archive", UriKind.Relative));
        using var whole = new MemoryStream();
        await zip.CopyToAsync(whole);
        using var archive = new System.IO.Compression.ZipArchive(whole);
        var sheets = archive.Entries.Where(e => e.Name.EndsWith(".csv", StringComparison.Ordinal)).Select(e => new StreamReader(e.Open()).ReadToEnd()).Append(csv).ToList();
        Assert.True(sheets.Count >= 4, $"{sheets.Count} sheets");
        Assert.DoesNotContain(sheets, s => Fires().IsMatch(s) || Unfit().IsMatch(s));
    }

    private static IEnumerable<string> Strings(JsonNode? node) => node switch
    {
        JsonObject all => all.SelectMany(p => Strings(p.Value)),
        JsonArray all => all.SelectMany(Strings),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    private static string[] Codes(string[] lines) => [.. lines.Where(l => l[3] != '-').Select(l => l[..3])];

    private static byte[] Stuffed(byte[] message) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(message).Replace("\r\n.", "\r\n..", StringComparison.Ordinal));

    /// <summary>What steers a terminal or turns the text around it.</summary>
    [GeneratedRegex("[\0-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")]
    private static partial Regex Unfit();

    /// <summary>A cell that begins as a formula does.</summary>
    [GeneratedRegex("""(^|,)"?[=+\-@]""", RegexOptions.Multiline)]
    private static partial Regex Fires();
}
