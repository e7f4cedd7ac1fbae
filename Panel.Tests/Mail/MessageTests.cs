using System.Text;
using Panel.Services.Mail.Content;

namespace Panel.Tests.Mail;

public sealed class MessageTests
{
    [Fact]
    public async Task Another_parser_reads_what_was_written()
    {
        var read = await ForeignReader.ReadAsync(Samples.Message());

        Assert.Empty(read.Defects);
        Assert.Equal("Grüße aus der Werkstatt, Zoë", read.One("Subject"));
        Assert.Equal("Ann Müller <news@werkstatt.example>", read.One("From"));
        Assert.Equal("zoe@reader.example", read.One("To"));
        Assert.Equal(["multipart/alternative", "text/plain", "text/html"], read.Types);
        Assert.Contains("Hello Zoë\n=====", read.Text, StringComparison.Ordinal);
        Assert.Contains("Hello Zoë</h1>", read.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task U13_both_parts_hold_the_persons_own_leave_link()
    {
        var read = await ForeignReader.ReadAsync(Samples.Message());

        Assert.Contains($"Leave this list: {Samples.Person().LeaveUrl}\n", read.Text, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"{Samples.Person().LeaveUrl}\"", read.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Preview_and_archive_show_the_same_as_the_mail()
    {
        var issue = Samples.Render(Samples.Draft);
        var values = new Dictionary<string, string> { ["name"] = "<Zoë & Co>", [MailSlot.Leave] = "https://panel.example/u/x", [MailSlot.Preferences] = "https://panel.example/p/x" };

        Assert.Contains("Hello &lt;Zoë &amp; Co&gt;</h1>", issue.Html.Fill(values), StringComparison.Ordinal);
        Assert.Contains("Hello <Zoë & Co>\n", issue.Text.Fill(values), StringComparison.Ordinal);
        Assert.Contains("Hello friend\n", issue.Text.Fill(new Dictionary<string, string>()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("Ünïcödé 🦀 name that is rather long, longer than one quoted-printable line can be, so it is broken softly")]
    [InlineData("ends in space ")]
    [InlineData("a=b=20c.")]
    [InlineData(".")]
    [InlineData("F")]
    public async Task A_slot_survives_quoted_printable_whatever_is_in_it(string name)
    {
        var bytes = Samples.Message(Samples.Person(name));
        var read = await ForeignReader.ReadAsync(bytes);

        Assert.Contains($"Hello {name}\n", read.Text, StringComparison.Ordinal);
        Assert.Contains($"Hello {MailText.Escape(name)}</h1>", read.Html, StringComparison.Ordinal);
        Assert.All(Encoding.ASCII.GetString(bytes).Split("\r\n\r\n", 2)[1].Split("\r\n"), line => Assert.InRange(line.Length, 0, 76));
        Assert.True(Ascii.IsValid(bytes));
    }

    [Fact]
    public void H8_no_line_of_a_body_is_longer_than_76_and_none_ends_in_space()
    {
        var issue = Samples.Draft with { Markdown = $"{new string('x', 5000)}\n\n{string.Concat(Enumerable.Repeat("ä ", 3000))}\n\n    code   \n\ttab\t\n" };
        var message = Encoding.ASCII.GetString(MessageTemplate.Create(Samples.Head, Samples.Render(issue)).ToArray(Samples.Person()));
        var body = message[message.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Split("\r\n");

        Assert.All(body, line => Assert.True(line.Length <= 76 && line == line.TrimEnd(' ', '\t'), line));
        Assert.DoesNotContain(body, line => line.StartsWith('.'));
    }

    [Fact]
    public void H7_the_same_issue_and_person_have_the_same_id_for_ever_and_no_two_share_one()
    {
        Assert.Equal(MessageIds.For("k"u8, 1, 2, "d.example"), MessageIds.For("k"u8, 1, 2, "d.example"));
        var ids = new HashSet<string>(200_000);
        for (var i = 0; i < 200_000; i++)
        {
            ids.Add(MessageIds.For("k"u8, i % 100, i / 100, "d.example"));
        }

        Assert.Equal(200_000, ids.Count);
    }

    [Fact]
    public async Task H16_a_thousand_renders_at_once_never_mix_two_people()
    {
        var template = MessageTemplate.Create(Samples.Head, Samples.Render(Samples.Draft));
        var messages = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => Task.Run(() =>
            Encoding.ASCII.GetString(template.ToArray(Samples.Person($"NAME{i}X", $"person{i}@reader.example"))))));

        for (var i = 0; i < messages.Length; i++)
        {
            Assert.Contains($"To: person{i}@reader.example\r\n", messages[i], StringComparison.Ordinal);
            Assert.Equal(messages[i].Split("NAME").Length - 1, messages[i].Split($"NAME{i}X").Length - 1);
            Assert.Equal(1, messages[i].Split("@reader.example").Length - 1);
        }
    }

    [Fact]
    public async Task A_notice_says_that_a_machine_wrote_it_and_has_nothing_of_a_list()
    {
        var notice = IssueRenderer.RenderNotice("Please confirm", $"Somebody asked to join {IssueRenderer.Literal("*Evil* <b>{name|x}</b> https://spam.example")}.\n\n[Confirm](https://panel.example/c/x \"button\")", "Panel", "en");
        var read = await ForeignReader.ReadAsync(MessageTemplate.Create(Samples.Head with { List = null }, notice.Value!).ToArray(Samples.Person()));

        Assert.Equal("auto-generated", read.One("Auto-Submitted"));
        Assert.DoesNotContain(read.Headers, h => h[0].StartsWith("List-", StringComparison.Ordinal) || h[0] == "Precedence" || h[0] == "Feedback-ID");
        Assert.Contains("join *Evil* <b>{name|x}</b> https://spam.example.", read.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("href=\"https://spam", read.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Leave this list", read.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void F23_the_whole_header_set_of_an_issue_is_as_agreed()
    {
        var message = Encoding.ASCII.GetString(Samples.Message());
        Golden.Same("issue-headers.txt", message[..(message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 2)]);
    }

    [Fact]
    public void F23_the_whole_header_set_of_a_notice_is_as_agreed()
    {
        var notice = IssueRenderer.RenderNotice("Please confirm", "Hello.", "Panel", "en").Value!;
        var message = Encoding.ASCII.GetString(MessageTemplate.Create(Samples.Head with { List = null }, notice).ToArray(Samples.Person()));
        Golden.Same("notice-headers.txt", message[..(message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 2)]);
    }

    [Fact]
    public void F23_both_bodies_are_as_agreed()
    {
        var issue = Samples.Render(Samples.Draft);
        var values = new Dictionary<string, string> { ["name"] = "Zoë", [MailSlot.Leave] = "https://panel.example/u/x", [MailSlot.Preferences] = "https://panel.example/p/x" };
        Golden.Same("issue.html", issue.Html.Fill(values));
        Golden.Same("issue.txt", issue.Text.Fill(values));
    }
}
