using Panel.Services.Mail.Content;

namespace Panel.Tests.Mail;

public sealed class IssueRendererTests
{
    [Theory]
    [InlineData("fine\n\n<b>bold</b>\n", "Line 3: HTML")]
    [InlineData("one\ntwo <script>alert(1)</script>\n", "Line 2: HTML")]
    [InlineData("- a\n- b\n\n  <!-- c -->\n", "Line 4: HTML")]
    [InlineData("[x](javascript:alert(1))", "Line 1: the link")]
    [InlineData("[x](JaVaScRiPt:alert(1))", "Line 1: the link")]
    [InlineData("[x](java&#115;cript:alert(1))", "Line 1: the link")]
    [InlineData("[x](data:text/html,hi)", "Line 1: the link")]
    [InlineData("[x](/relative)", "whole address")]
    [InlineData("[x](//host/path)", "whole address")]
    [InlineData("a\n\n[x]\n\n[x]: vbscript:x", "Line 3: the link")]
    [InlineData("<file:///etc/passwd>", "Line 1: the link")]
    [InlineData("![](https://a.example/x.png)", "Line 1: this image has no description")]
    [InlineData("![x](mailto:a@b.example)", "Line 1: the image")]
    [InlineData("a\n{secret|x}", "Line 2: {secret} is not a field")]
    [InlineData("Dear {name}", "Line 1: say what stands there")]
    [InlineData("[x](https://a.example/{name|x})", "merge fields")]
    [InlineData("[x](https://a.example/&#57344;)", "merge fields")]
    [InlineData("   \n", "needs some words")]
    public void What_cannot_be_sent_is_refused_with_its_place(string markdown, string words)
    {
        var refused = IssueRenderer.Render(Samples.Draft with { Markdown = markdown }).Refused;

        Assert.NotNull(refused);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Equal(nameof(IssueDraft.Markdown), refused.Field);
    }

    [Fact]
    public void A_subject_is_needed_and_a_missing_postal_address_leaves_no_gap()
    {
        Assert.Equal(nameof(IssueDraft.Subject), IssueRenderer.Render(Samples.Draft with { Subject = " " }).Refused?.Field);
        var without = IssueRenderer.Render(Samples.Draft with { PostalAddress = "" }).Value!;
        Assert.DoesNotContain("<p style=\"margin:0;\"></p>", without.Html.Fill(new Dictionary<string, string>()), StringComparison.Ordinal);
        Assert.Contains("Line 1", IssueRenderer.Render(Samples.Draft with { Subject = "{nope|x}" }).Refused?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("&#57344; and \uE000 and &#xE001;")]
    [InlineData("{ name }, {Name|x}, {}, {1|2}, {{, `{`")]
    [InlineData("a < b & c > d \"e\" 'f'")]
    public void Harmless_oddities_are_kept_as_text(string markdown)
    {
        var html = Samples.Render(Samples.Draft with { Markdown = markdown }).Html.Fill(new Dictionary<string, string> { ["name"] = "INJECTED" });

        Assert.DoesNotContain("INJECTED", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_persons_value_is_escaped_and_on_one_line()
    {
        var issue = Samples.Render(Samples.Draft);
        var values = new Dictionary<string, string> { ["name"] = "\"><script>\r\nBcc: x" };

        Assert.Contains("Hello &quot;&gt;&lt;script&gt;  Bcc: x", issue.Html.Fill(values), StringComparison.Ordinal);
        Assert.DoesNotContain('\r', issue.Subject.Fill(values));
    }

    [Fact]
    public void Fields_with_underscores_and_stars_around_them_work()
    {
        var draft = Samples.Draft with { Markdown = "Hi **{first_name|dear *reader*}**, {email}", Fields = ["first_name", "email"], Subject = "x" };
        var text = Samples.Render(draft).Text.Fill(new Dictionary<string, string> { ["email"] = "z@r.example" });

        Assert.StartsWith("Hi *dear *reader**, z@r.example", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">", 20_000)]
    [InlineData("[", 20_000)]
    [InlineData("- ", 5_000)]
    [InlineData("*a **b ", 2_000)]
    [InlineData("*a **b ", 14_000)]
    [InlineData("![a](", 2_000)]
    [InlineData("![a](", 20_000)]
    [InlineData("`", 20_000)]
    [InlineData("{name|x} ", 20_000)]
    [InlineData("x", 300_000)]
    public void V10_deep_or_huge_texts_are_answered_within_the_limit(string part, int times)
    {
        var hostile = string.Concat(Enumerable.Repeat(part, times)) + "a";
        var started = System.Diagnostics.Stopwatch.StartNew();
        IssueRenderer.Render(Samples.Draft with { Markdown = hostile });

        Assert.InRange(started.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    [Fact]
    public void V10_a_text_beyond_any_newsletter_is_refused() =>
        Assert.Contains("100000", IssueRenderer.Render(Samples.Draft with { Markdown = new string('x', 300_000) }).Refused?.Message, StringComparison.Ordinal);
}
