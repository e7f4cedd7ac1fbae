using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Panel.Web.Cli;

namespace Panel.Tests.Web;

public sealed class ScreenTests
{
    private const string Hostile = "A\u001b[2J\u001b]0;owned\u0007\u202egnp\r\nann is removed.\u009b31m";

    [Theory]
    [InlineData("plain words, ümläut, 漢字, 👩‍🎨", "plain words, ümläut, 漢字, 👩‍🎨")]
    [InlineData("\u001b[2Jgone", @"\x1b[2Jgone")]
    [InlineData("one\r\ntwo\tthree", @"one\r\ntwo\tthree")]
    [InlineData("\u009b31m\u007f", @"\x9b31m\x7f")]
    [InlineData("photo\u202egnp.exe\u2066", @"photo\u202egnp.exe\u2066")]
    [InlineData("\u2028new line\ufeff", @"\u2028new line\ufeff")]
    public void What_a_terminal_would_obey_is_shown(string text, string shown) => Assert.Equal(shown, Screen.Plain(text));

    [Fact]
    public void Nothing_made_plain_steers_or_makes_a_line() =>
        Prop.ForAll(Gen.Choose(0, 0x2100).Select(c => (char)c).ArrayOf().ToArbitrary(), text => !CliScreen.Steers(Screen.Plain(new(text))) && !Screen.Plain(new(text)).Contains('\n', StringComparison.Ordinal))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1_000));

    [Fact]
    public void Only_values_are_made_plain_and_only_values_fill_their_columns()
    {
        var said = new StringWriter();
        CliPlace.Now = new CliPlace(said, TextWriter.Null, IsTerminal: true);
        Screen.Line($"{"a\nb",-6}|{7,3}|{(string?)null}|{new DateOnly(2026, 11, 23):yyyy-MM-dd}\n  {"x",3}  ");
        Assert.Equal("a\\nb  |  7||2026-11-23\n    x\n", said.ToString());
    }

    [Fact]
    public async Task A_hostile_title_and_subject_reach_no_terminal_and_no_json_reader_loses_a_letter()
    {
        await using var app = new PanelApp { Unscheduled = true };
        Assert.Equal(0, (await CliScreen.TypeAsync(app, true, "setup", "--admin", "ann", "--email", "ann@collective.example")).Code);
        var reply = await app.Operator().PutAsync("/api/v1/members/ann/finger", new StringContent(new JsonObject { ["name"] = "Ann", ["plan"] = "hello" }.ToJsonString(), null, "application/json"));
        Assert.True(reply.IsSuccessStatusCode, await reply.Content.ReadAsStringAsync());

        string[][] verbs = [["list", "show", $"ann/{Hostile}"], ["member", "show", Hostile], ["post", "add", "ann", "--text", Hostile], ["site", "add", "ann", Hostile, "--kind", "static"], [Hostile], ["issue", "show", Hostile]];
        foreach (var verb in verbs)
        {
            var (code, said, wrong) = await CliScreen.TypeAsync(app, true, verb);
            Assert.False(CliScreen.Steers(said + wrong), $"{string.Join(' ', verb[..^1])} ({code}): {Screen.Plain(said + wrong)}");
        }

        var document = new StringWriter();
        CliPlace.Now = new CliPlace(document, TextWriter.Null, IsTerminal: true);
        Screen.Document(new JsonObject { ["subject"] = Hostile, ["emoji"] = "👩‍🎨 ü" });
        Assert.False(CliScreen.Steers(document.ToString()), document.ToString());
        var read = JsonNode.Parse(document.ToString())!;
        Assert.Equal((Hostile, "👩‍🎨 ü"), (read["subject"]!.GetValue<string>(), read["emoji"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData(true, "one\\x1b[2J\ntwo\n"), InlineData(false, "one\u001b[2J\r\ntwo\r\n")]
    public void A_file_is_itself_where_it_is_kept_and_plain_where_it_is_looked_at(bool isTerminal, string expected)
    {
        var said = new StringWriter();
        CliPlace.Now = new CliPlace(said, TextWriter.Null, isTerminal);
        Screen.File("one\u001b[2J\r\ntwo\r\n");
        Assert.Equal(expected, said.ToString());
    }
}
