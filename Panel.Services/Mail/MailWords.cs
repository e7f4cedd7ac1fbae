namespace Panel.Services.Mail;

/// <summary>Makes a stranger's words fit to be stored and shown: at most 512 characters, no control characters.</summary>
public static class MailWords
{
    /// <summary>A reply line is at most 512 octets (RFC 5321 §4.5.3.1.5); more of a talkative server is not worth keeping.</summary>
    public const int Limit = 512;

    public static string Clean(ReadOnlySpan<char> words)
    {
        if (words.Length > Limit)
        {
            words = words[..(char.IsHighSurrogate(words[Limit - 1]) ? Limit - 1 : Limit)];
        }

        if (!words.ContainsAnyExceptInRange(' ', '~'))
        {
            return words.ToString();
        }

        Span<char> clean = stackalloc char[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            clean[i] = IsUnfit(words, i) ? ' ' : words[i];
        }

        return clean.ToString();
    }

    /// <summary>Controls, and the marks that turn the direction of the text around them.</summary>
    private static bool IsUnfit(ReadOnlySpan<char> words, int i)
    {
        var c = words[i];
        var paired = (char.IsHighSurrogate(c) && i + 1 < words.Length && char.IsLowSurrogate(words[i + 1]))
            || (char.IsLowSurrogate(c) && i > 0 && char.IsHighSurrogate(words[i - 1]));
        return char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069')
            || (char.IsSurrogate(c) && !paired);
    }
}
