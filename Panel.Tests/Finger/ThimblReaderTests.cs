using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Tests.Finger;

public class ThimblReaderTests
{
    private const string Header = "[other.example]\nLogin: bob       \t\t\tName: Bob Builder\nDirectory: /home/bob  \tShell: /bin/bash\nNever logged in.\nNo mail.\nPlan:\n";

    [Theory]
    [InlineData("20101105124412", "2010-11-05T12:44:12Z")]
    [InlineData("\"20101129060335\"", "2010-11-29T06:03:35Z")]
    [InlineData("\"20110729165056-0400\"", "2011-07-29T20:50:56Z")]
    [InlineData("\"20110729165056+0530\"", "2011-07-29T11:20:56Z")]
    [InlineData("\"20110729165056 +05:30\"", "2011-07-29T11:20:56Z")]
    public void Every_form_of_a_time_is_read(string time, string expected)
    {
        var plan = Read(Header + $"{{\"address\":\"bob@other.example\",\"messages\":[{{\"text\":\"hello\",\"time\":{time}}}]}}\n");

        Assert.Equal(new ThimblMessage("hello", DateTime.Parse(expected, System.Globalization.CultureInfo.InvariantCulture).ToUniversalTime()), Assert.Single(plan.Messages));
    }

    [Theory]
    [InlineData("\"yesterday\"")]
    [InlineData("null")]
    [InlineData("20101305124412")]
    [InlineData("\"20110729165056-9999\"")]
    [InlineData("1e99")]
    [InlineData("\"00010101000000+0100\"")]
    public void A_message_without_a_time_that_makes_sense_is_left_out_and_the_rest_stays(string time)
    {
        var plan = Read($"Plan:\n{{\"messages\":[{{\"text\":\"bad\",\"time\":{time}}},{{\"text\":\"good\",\"time\":\"20101105124412\"}}]}}");

        Assert.Equal(["good"], plan.Messages.Select(m => m.Text));
    }

    [Fact]
    public void Lines_that_old_servers_cut_with_a_backslash_are_joined_also_inside_strings_and_keys()
    {
        const string cut = "{\"mess\\\r\nages\":[{\"text\":\"he\\\nllo \\\\! wor\\\r\nld\",\"ti\\\nme\":\"201011\\\n05124412\"}],\"fol\\\nlowing\":[]}";

        Assert.Equal("hello \\! world", Assert.Single(Read(Header + cut).Messages).Text);
    }

    [Fact]
    public void Messages_in_any_order_replies_kept_apart_and_repeated_ones_come_out_newest_first()
    {
        var plan = Read(Header + """
            {"name":"Bob","messages":[{"text":"b","time":20110102000000},{"text":"c","time":"20110103000000"},{"text":"a","time":20110101000000},{"text":"a","time":20110101000000}],
             "replies":{"ann@here.example":[{"text":"@ann yes","time":"20110104000000"}]},"following":[{"address":"ann@here.example"},{"nick":"rw","address":"x@y.example"},{"nick":"rw"}],}
            """);

        Assert.Equal(["@ann yes", "c", "b", "a"], plan.Messages.Select(m => m.Text));
        Assert.Equal([new("", "ann@here.example"), new("rw", "x@y.example")], plan.Following);
        Assert.Equal(("Bob", "", true, false), (plan.Name, plan.Bio, plan.IsThimbl, plan.OptsOut));
    }

    [Fact]
    public void Pretty_printed_among_free_text_with_braces_of_its_own()
    {
        var plan = Read(Header + "Building {things}.\n\n{\n  \"bio\": \"I build\",\n  \"messages\": [\n    { \"text\": \"Plan: build\\n\\tmore\", \"time\": \"20260101000000\" }\n  ]\n}\nBye.\n");

        Assert.Equal(("Building {things}.\nBye.", "Bob Builder", "I build"), (plan.Plan, plan.Name, plan.Bio));
        Assert.Equal("Plan: build  more", Assert.Single(plan.Messages).Text);
    }

    [Theory]
    [InlineData("a\u001b[2Jb", "a^[[2Jb")]
    [InlineData("a\\u001b[2Jb", "a^[[2Jb")]
    [InlineData("it\\'s", "it's")]
    [InlineData("\\ud83d\\udc19", "🐙")]
    [InlineData("\\ud83d x \\udc19", "\uFFFD x \uFFFD")]
    [InlineData("\\q \\u12", "\\q \\u12")]
    [InlineData("a \\🐙 b", "a \\🐙 b")]
    [InlineData("tab\there", "tab here")]
    public void R20_text_of_others_is_shown_harmless(string written, string shown) =>
        Assert.Equal(shown, Assert.Single(Read($"Plan:\n{{\"messages\":[{{\"text\":\"{written}\",\"time\":\"20101105124412\"}}]}}").Messages).Text);

    [Fact]
    public void R20_bytes_that_are_no_UTF_8_are_named()
    {
        byte[] latin = [.. Encoding.ASCII.GetBytes("Plan:\nZ"), 0xFC, .. Encoding.ASCII.GetBytes("rich")];

        Assert.Equal("Z\\xFCrich", ThimblReader.Read(latin).Plan);
    }

    [Theory]
    [InlineData("Plan:\n{\"messages\":[{\"text\":\"cut o", "never ends")]
    [InlineData("Plan:\n{\"messages\":[{\"text\" \"x\"}]}", "is no JSON")]
    [InlineData("No Plan.\n", null)]
    [InlineData("", null)]
    [InlineData("Plan:\njust words {with} braces\n", null)]
    public void What_cannot_be_read_says_why_and_stays_plain_text(string answer, string? reason)
    {
        var plan = Read(answer);

        Assert.False(plan.IsThimbl);
        Assert.Empty(plan.Messages);
        Assert.Equal(reason is null, plan.Wrong is null);
        Assert.Contains(reason ?? "", plan.Wrong ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Plan:\nTimeline: no\n")]
    [InlineData("Plan:\nhello\n  timeline: NO.\n{\"messages\":[]}")]
    [InlineData("Plan:\n{\"messages\":[],\"properties\":{\"timeline\":\"no\"}}")]
    public void A_plan_can_ask_not_to_be_shown(string answer) => Assert.True(Read(answer).OptsOut);

    [Fact]
    public void Huge_deep_and_many_end_soon_and_within_bounds()
    {
        var clock = Stopwatch.StartNew();
        var many = string.Join(',', Enumerable.Range(0, 12_000).Select(i => $"{{\"text\":\"{i}\",\"time\":{20100101000000 + i % 60}}}"));

        Assert.Equal(ThimblReader.MostMessages, Read($"Plan:\n{{\"messages\":[{many}]}}").Messages.Count);
        Assert.False(Read("Plan:\n" + new string('{', 500_000)).IsThimbl);
        Assert.False(Read("Plan:\n" + string.Concat(Enumerable.Repeat("{\"messages\":[", 50_000))).IsThimbl);
        Assert.Equal(ThimblReader.LongestMessage, Read($"Plan:\n{{\"messages\":[{{\"text\":\"{new string('x', 900_000)}\",\"time\":20100101000000}}]}}").Messages[0].Text.Length);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void What_we_write_is_read_back_the_same() =>
        Prop.ForAll(Texts.ToArbitrary(), Texts.ToArbitrary(), (one, free) =>
        {
            var text = PostRules.Tidy(one);
            if (PostRules.Check(text) is not null || FingerText.Faults(free, lines: true).Any() || free.Contains('{', StringComparison.Ordinal) || free.Contains('\\', StringComparison.Ordinal))
            {
                return true;
            }

            var card = new FingerCard("ann", "Ann") { Plan = free, Posts = [new PostLine(1, text, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc))] };
            var sent = new FingerReply("h.example").Render(card, wide: true);
            return ThimblReader.Read(sent) is { IsThimbl: true, Messages: [var message] } && message.Text == text && Encoding.UTF8.GetString(sent).Split("\r\n").All(l => l.Length < 2048);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Choose(32, 126).Select(i => (char)i), Gen.Elements('"', '\\', '{', '}', '@', '#', 'ü', '東', '\n', '\t', '\'', '\u2028')).ArrayOf().Select(c => new string(c));

    private static ThimblPlan Read(string answer) => ThimblReader.Read(Encoding.UTF8.GetBytes(answer));
}
