using System.Text.RegularExpressions;

namespace Panel.Services.Finger;

/// <summary>Finds lines that ask to be pasted into a terminal. Nothing is refused for it: an admin looks.</summary>
public static partial class PlanSigns
{
    private const int Longest = 200;

    /// <summary>The first such line, cut short, or null.</summary>
    public static string? Find(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            // Beyond this no line is read by anybody, and the expressions stay quick.
            var start = line.Length > 4_000 ? line[..4_000] : line;
            if (IsCommand(start))
            {
                var shown = start.Trim();
                return shown.Length <= Longest ? shown : shown[..(char.IsHighSurrogate(shown[Longest - 1]) ? Longest - 1 : Longest)];
            }
        }

        return null;
    }

    // The patience is one of the wall clock, so a machine that stands still for a moment uses it up: then an admin looks, and nobody's plan is lost.
    private static bool IsCommand(string line)
    {
        try
        {
            return Commands().IsMatch(line);
        }
        catch (RegexMatchTimeoutException)
        {
            return true;
        }
    }

    [GeneratedRegex(
        @"\b(curl|wget|fetch)\b[^|]{0,500}\|\s*(sudo\s+)?(ba|z|da|k)?sh\b" +
        @"|\bbase64\s+(-d|--decode)\b|\beval\s*[""']?\$\(|\b(ba|z|da)?sh\s+-c\b|\b(ba|z)?sh\s+<\(" +
        @"|\brm\s+-[a-z]*[rf][a-z]*\s+[/~*$]|\bchmod\s+\+?[0-7]*x?\s+\S+\s*&&|>\s*/dev/sd[a-z]|:\(\)\s*\{\s*:\|" +
        @"|^\s*[$#>]\s+(sudo|su|curl|wget|ssh|scp|bash|sh|python3?|perl|nc|npm|pip3?|chmod|echo)\b" +
        @"|\bsudo\s+\S+|\b(powershell|iex|Invoke-Expression|Invoke-WebRequest)\b|\bssh-(rsa|ed25519)\b[^\n]{0,20}>>",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Commands();
}
