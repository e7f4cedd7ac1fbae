using System.Text.RegularExpressions;
using Panel.Services.Localization;
using Panel.Tests.Web;

namespace Panel.Tests.Localization;

/// <summary>Four languages, complete: what the sources say is in every phrase book, and nothing else is.</summary>
public sealed partial class PhraseTests
{
    public static TheoryData<string> Others => ["de", "fr", "it"];

    [Theory, MemberData(nameof(Others))]
    public void No_sentence_is_missing(string language) => Assert.DoesNotContain(Keys(), k => Phrases.In(language)[k].ResourceNotFound);

    [Theory, MemberData(nameof(Others))]
    public void No_sentence_is_left_over(string language) => Assert.Empty(Phrases.In(language).GetAllStrings(false).Select(s => s.Name).Except(Keys()));

    [Theory, MemberData(nameof(Others))]
    public void Every_sentence_keeps_its_places(string language) => Assert.All(
        Phrases.In(language).GetAllStrings(false), s => Assert.Equal(Places(s.Name), Places(s.Value)));

    [Fact]
    public void A_po_file_is_read_with_context_plurals_and_long_strings()
    {
        using var text = new StringReader("""
            # a comment
            msgid ""
            msgstr "Language: de\n"

            msgctxt "list"
            msgid "one "
            "person"
            msgid_plural "{0} people"
            msgstr[0] "ein \"Mensch\""
            msgstr[1] "{0} Leute\nhier"
            msgid "next"
            msgstr "weiter"
            """);
        var entries = PoFile.Read(text, "x.po");
        Assert.Equal(2, entries.Count);
        Assert.Equal(("list", "one person", "{0} people"), (entries[0].Context, entries[0].Id, entries[0].Plural));
        Assert.Equal(["ein \"Mensch\"", "{0} Leute\nhier"], entries[0].Words);
        Assert.Equal("weiter", entries[1].Words[0]);
    }

    [Theory]
    [InlineData("msgid next")]
    [InlineData("msgid \"next")]
    [InlineData("\"lost\"")]
    public void A_broken_po_file_is_refused_with_its_place(string line)
    {
        using var text = new StringReader("\n" + line);
        Assert.Contains("x.po, line 2", Assert.Throws<FormatException>(() => PoFile.Read(text, "x.po")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("de-CH", "de")]
    [InlineData("FR", "fr")]
    [InlineData("nl", "en")]
    [InlineData(null, "en")]
    public void A_tag_finds_its_language(string? tag, string language) => Assert.Equal(language, Phrases.In(tag).Language);

    [Fact]
    public void Dates_and_numbers_follow_the_language() =>
        Assert.Equal("bekommt nichts bis Dienstag, 1. Dezember 2026, danach wieder jede Ausgabe.",
            Phrases.In("de")["gets nothing until {0:D}, then every issue again.", new DateTime(2026, 12, 1, 0, 0, 0, DateTimeKind.Utc)].Value);

    private static List<string> Keys()
    {
        var root = Path.GetDirectoryName(Face.Root)!;
        var sources = new[] { "Panel.Web", "Panel.Services" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs*", SearchOption.AllDirectories))
            .Where(f => f.EndsWith(".cs", StringComparison.Ordinal) || f.EndsWith(".cshtml", StringComparison.Ordinal))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)).Select(File.ReadAllText).ToList();
        var keys = sources.SelectMany(s => Indexed().Matches(s)).SelectMany(m => Literal().Matches(m.Groups["key"].Value))
            .Concat(sources.SelectMany(s => Marked().Matches(s)).SelectMany(m => Literal().Matches(m.Value)))
            .Concat(sources.SelectMany(s => Counted().Matches(s)).SelectMany(m => Literal().Matches(m.Groups["one"].Value)))
            .Select(m => Regex.Unescape(m.Groups["text"].Value)).Distinct().ToList();
        Assert.True(keys.Count > 60, "The walk found too few sentences to be the whole house.");
        return keys;
    }

    private static string Places(string sentence) => string.Join(' ', Place().Matches(sentence).Select(m => m.Value).Order(StringComparer.Ordinal));

    // What stands before the first comma outside of quotation marks.
    [GeneratedRegex("""[wW]ords(?:\(\))?\[(?<key>(?:[^,\]"]|"(?:[^"\\]|\\.)*")*)""")]
    private static partial Regex Indexed();

    [GeneratedRegex("""Phrases\.Key\(\s*"(?:[^"\\]|\\.)*"\)""")]
    private static partial Regex Marked();

    [GeneratedRegex("""[wW]ords(?:\(\))?\.Count\([^"]+,\s*(?<one>"(?:[^"\\]|\\.)*"),\s*"(?:[^"\\]|\\.)*"\)""")]
    private static partial Regex Counted();

    [GeneratedRegex("""
        "(?<text>(?:[^"\\]|\\.)*)"
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Literal();

    [GeneratedRegex(@"\{\d(?::[A-Za-z0-9]+)?\}")]
    private static partial Regex Place();
}
