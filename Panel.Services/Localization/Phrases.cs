using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Localization;

namespace Panel.Services.Localization;

/// <summary>The sentences of the house in its four languages. English stands in the source; <c>de.po</c>, <c>fr.po</c> and
/// <c>it.po</c> lie beside this file. What a language lacks is said in English, and is a failing test.</summary>
public static class Phrases
{
    public const string English = "en";

    public static readonly IReadOnlyList<string> Languages = [English, "de", "fr", "it"];

    private static readonly ConcurrentDictionary<string, PhraseBook> Books = new(StringComparer.Ordinal);

    /// <summary>The language of <paramref name="tag"/> (BCP 47, as in <c>de-CH</c>) if the house speaks it, else English.</summary>
    public static string LanguageOf(string? tag) =>
        Languages.FirstOrDefault(l => string.Equals(l, tag?.Split('-')[0], StringComparison.OrdinalIgnoreCase)) ?? English;

    /// <summary>Marks a sentence that is looked up elsewhere, so that the test of the phrase books finds it.</summary>
    public static string Key(string sentence) => sentence;

    public static PhraseBook In(string? tag) => Books.GetOrAdd(LanguageOf(tag), Open);

    private static PhraseBook Open(string language)
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream($"localization/{language}.po");
        using var text = file is null ? null : new StreamReader(file);
        return new PhraseBook(language, text is null ? [] : PoFile.Read(text, $"{language}.po"));
    }
}

/// <summary>One language. The key is the English sentence; <c>{0}</c> and so on are filled by the language's culture.</summary>
public sealed class PhraseBook : IStringLocalizer
{
    private readonly Dictionary<string, PoEntry> entries;

    internal PhraseBook(string language, IReadOnlyList<PoEntry> entries) =>
        (Language, Culture, this.entries) = (language, CultureInfo.GetCultureInfo(language == Phrases.English ? "en-GB" : language), entries.ToDictionary(e => e.Id, StringComparer.Ordinal));

    public string Language { get; }

    public CultureInfo Culture { get; }

    public LocalizedString this[string name] => Find(name, 0) is { } words ? new(name, words) : new(name, name, resourceNotFound: Language != Phrases.English);

    public LocalizedString this[string name, params object[] arguments]
    {
        get
        {
            var words = this[name];
            return new LocalizedString(name, string.Format(Culture, words.Value, arguments), words.ResourceNotFound);
        }
    }

    /// <summary>The sentence for a number, which is <c>{0}</c> in it.</summary>
    public string Count(long count, string one, string many)
    {
        // French says "0 personne"; the other three count zero among the many.
        var plural = Language == "fr" ? count > 1 : count != 1;
        return string.Format(Culture, Find(one, plural ? 1 : 0) ?? (plural ? many : one), count);
    }

    public IEnumerable<LocalizedString> GetAllStrings(bool includeParentCultures) => entries.Values.Select(e => new LocalizedString(e.Id, e.Words[0]));

    private string? Find(string id, int form) =>
        entries.TryGetValue(id, out var entry) && entry.Words.ElementAtOrDefault(form) is { Length: > 0 } words ? words : null;
}
