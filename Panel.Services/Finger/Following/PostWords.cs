using System.Text.RegularExpressions;

namespace Panel.Services.Finger.Following;

public enum PostWordKind
{
    Text,
    Mention,
    Tag,
    Link,
}

/// <summary>A piece of a post. <paramref name="Target"/> is the address of a mention, the tag without its mark, or the link.</summary>
public readonly record struct PostWord(PostWordKind Kind, string Text, string Target);

/// <summary>Finds what a post points to: <c>@nick</c>, addresses, <c>#tags</c> and web links. A nick means whom its author calls so.</summary>
public static partial class PostWords
{
    /// <param name="resolve">The address behind a nick of the author, or null.</param>
    public static IReadOnlyList<PostWord> Of(string text, Func<string, string?> resolve)
    {
        var words = new List<PostWord>();
        var at = 0;
        for (var found = Found(() => Pointers().Match(text)); found.Success; found = Found(found.NextMatch))
        {
            if (Word(found, resolve) is { } word)
            {
                if (found.Index > at)
                {
                    words.Add(new PostWord(PostWordKind.Text, text[at..found.Index], ""));
                }

                words.Add(word);
                at = found.Index + found.Length;
            }
        }

        if (at < text.Length)
        {
            words.Add(new PostWord(PostWordKind.Text, text[at..], ""));
        }

        return words;
    }

    public static IReadOnlyList<string> Mentions(string text, Func<string, string?> resolve) =>
        [.. Of(text, resolve).Where(w => w.Kind == PostWordKind.Mention).Select(w => w.Target).Distinct(StringComparer.Ordinal)];

    public static bool HasTag(string text, string tag) =>
        Of(text, _ => null).Any(w => w.Kind == PostWordKind.Tag && w.Target.Equals(tag, StringComparison.OrdinalIgnoreCase));

    // The patience is one of the wall clock, so a machine that stands still for a moment uses it up: then the rest is plain text.
    private static Match Found(Func<Match> next)
    {
        try
        {
            return next();
        }
        catch (RegexMatchTimeoutException)
        {
            return Match.Empty;
        }
    }

    private static PostWord? Word(Match found, Func<string, string?> resolve)
    {
        if (found.Groups["link"] is { Success: true } link)
        {
            return new PostWord(PostWordKind.Link, link.Value, link.Value);
        }

        if (found.Groups["tag"] is { Success: true } tag)
        {
            return new PostWord(PostWordKind.Tag, found.Value, tag.Value);
        }

        var named = found.Groups["address"] is { Success: true } address
            ? FingerAddress.TryParse(address.Value, out var parsed) ? parsed.ToString() : null
            : resolve(found.Groups["nick"].Value);
        return named is null ? null : new PostWord(PostWordKind.Mention, found.Value, named);
    }

    [GeneratedRegex(
        @"(?<link>https?://[^\s<>""']*[^\s<>""'.,;:!?)\]])" +
        @"|(?<![\w@.])@?(?<address>[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,63})@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?)" +
        @"|(?<![\w@.])@(?<nick>[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9_])?)" +
        @"|(?<![\w&])#(?<tag>[\p{L}\p{N}_]{1,50})",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pointers();
}
