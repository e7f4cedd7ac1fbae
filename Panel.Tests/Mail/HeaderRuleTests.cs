using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Content;
using Panel.Services.Mail.Returned;
using Panel.Services.Mail.Smtp;
using Panel.Services.Newsletters;

namespace Panel.Tests.Mail;

/// <summary>The H rules on our own output, one test each; F23's golden files hold the whole set.</summary>
public class HeaderRuleTests
{
    private static readonly MailHeaders Headers = MailHeaders.Read(Samples.Message()).Headers;

    /// <summary>The headers of a mail of the house itself.</summary>
    private static MailHeaders Notice => MailHeaders.Read(LetterMessage.Build(
        new Letter { Id = 1, Kind = Letter.Confirm, Email = "zoe@reader.example", EmailHash = new string('a', 64), Subject = "Please confirm", Text = "Press the button." }, "Panel", "house@panel.example")).Headers;

    [Fact]
    public void H1_one_List_Unsubscribe_with_one_https_address_and_a_mailbox_behind_it()
    {
        var value = Assert.Single(Headers.All("List-Unsubscribe"));
        var uris = value.Split(',', StringSplitOptions.TrimEntries);
        Assert.StartsWith("<https://", uris[0], StringComparison.Ordinal);
        Assert.StartsWith("<mailto:unsubscribe+", Assert.Single(uris[1..]), StringComparison.Ordinal);
        Assert.DoesNotContain("<http:", value, StringComparison.Ordinal);
    }

    [Fact]
    public void H2_the_post_field_is_byte_for_byte_one_click() =>
        Assert.Equal(["List-Unsubscribe=One-Click"], Headers.All("List-Unsubscribe-Post"));

    [Fact]
    public void H4_every_list_field_is_there_at_most_once_and_its_addresses_stand_in_brackets()
    {
        foreach (var name in new[] { "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "List-Archive", "List-Owner", "List-Help" })
        {
            Assert.True(Headers.All(name).Count() <= 1, name);
        }

        Assert.All(new[] { Headers["List-Unsubscribe"], Headers["List-Archive"] }.SelectMany(v => v.Split(',', StringSplitOptions.TrimEntries)), uri => Assert.Matches("^<[^<>]+>$", uri));
    }

    [Fact]
    public void H5_the_list_id_stays_when_the_title_changes()
    {
        var renamed = new MessageHead { FromName = Samples.Head.FromName, FromEmail = Samples.Head.FromEmail, List = new ListHead { Title = "Another title", Id = Samples.Head.List!.Id, FeedbackId = Samples.Head.List.FeedbackId } };
        var id = MailHeaders.Read(MessageTemplate.Create(renamed, Samples.Render(Samples.Draft)).ToArray(Samples.Person())).Headers["List-Id"];
        Assert.EndsWith("<news.ann.lists.panel.example>", Headers["List-Id"], StringComparison.Ordinal);
        Assert.EndsWith("<news.ann.lists.panel.example>", id, StringComparison.Ordinal);
    }

    [Fact]
    public void H6_nobody_posts_to_a_newsletter() => Assert.Equal("NO", Headers["List-Post"]);

    [Fact]
    public void H7_date_from_and_message_id_are_there_once_and_the_id_is_under_a_domain_of_ours()
    {
        Assert.All(new[] { "Date", "From", "To", "Subject", "Message-ID" }, name => Assert.Single(Headers.All(name)));
        Assert.EndsWith("@werkstatt.example>", Headers["Message-ID"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task H10_text_comes_first_html_last_and_neither_is_empty()
    {
        var parts = await MailPart.ReadAsync(Samples.Message());
        Assert.Equal(["multipart/alternative", "text/plain", "text/html"], parts.Select(p => p.Type));
        Assert.All(parts.Skip(1), p => Assert.True(p.Text.Trim().Length > 100));
    }

    [Fact]
    public void H12_an_issue_says_precedence_bulk_so_that_vacation_programs_are_silent_and_a_notice_does_not()
    {
        Assert.Equal("bulk", Assert.Single(Headers.All("Precedence")));
        Assert.Empty(Notice.All("Precedence"));
    }

    [Fact]
    public void H14_no_address_for_complaints_is_promised_that_no_signature_of_its_own_domain_covers() =>
        Assert.Empty(Headers.All("CFBL-Address")); // RFC 9477 §3.1: bounces come back to the house's domain, mail is signed by the member's.

    [Fact]
    public void A6_U11_only_what_people_subscribed_to_carries_one_click()
    {
        Assert.Single(Headers.All("List-Unsubscribe-Post"));
        Assert.All(new[] { "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID" }, name => Assert.Empty(Notice.All(name)));
        Assert.Equal("auto-generated", Notice["Auto-Submitted"]);
    }

    [Fact]
    public void H13_the_feedback_id_has_three_parts_and_the_sender_and_nothing_about_the_person()
    {
        var parts = Assert.Single(Headers.All("Feedback-ID")).Split(':');
        Assert.Equal(4, parts.Length);
        Assert.InRange(parts[3].Length, 5, 15);
        Assert.Equal(Headers["Feedback-ID"], MailHeaders.Read(Samples.Message(Samples.Person("Bob", "bob@b.example"))).Headers["Feedback-ID"]);
    }

    [Fact]
    public void H17_what_no_envelope_can_carry_is_refused()
    {
        Assert.NotNull(EnvelopeAddress.Read($"{new string('a', 64)}@b.example"));
        Assert.Null(EnvelopeAddress.Read($"{new string('a', 65)}@b.example"));
        Assert.Null(EnvelopeAddress.Read($"a@{string.Join('.', Enumerable.Repeat(new string('b', 60), 5))}.example"));
    }

    [Fact]
    public async Task A17_where_DSN_is_offered_the_person_is_named_and_only_failures_and_headers_are_asked_for()
    {
        await using var sink = ScriptedSink.Start(new SinkScript { Extensions = ["PIPELINING", "DSN"] });
        await using var connection = (await new SmtpTransport(Options.Create(sink.Options()), TimeProvider.System).OpenAsync(default)).Connection!;
        foreach (var (from, to) in new[] { ("bounce+abc234@panel.example", "a+b=c@a.example"), ("", "d@a.example") })
        {
            Assert.Equal(MailResult.Accepted, (await connection.SendAsync(from, to, "Subject: x\r\n\r\nx\r\n"u8.ToArray(), _ => Task.FromResult(true), default)).Result);
        }

        Assert.Equal(
            ["MAIL FROM:<bounce+abc234@panel.example> RET=HDRS ENVID=abc234", "RCPT TO:<a+b=c@a.example> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb+3Dc@a.example", "MAIL FROM:<>", "RCPT TO:<d@a.example>"],
            sink.Commands.Where(c => c.StartsWith("MAIL", StringComparison.Ordinal) || c.StartsWith("RCPT", StringComparison.Ordinal)));
    }
}
