using System.Text.RegularExpressions;

namespace Panel.Services.Mail.Returned;

/// <summary>qmail's own bounce format (QSBMF, cr.yp.to/proto/qsbmf.txt), which is older than RFC 3464 and still sent.</summary>
internal static partial class QmailReport
{
    public static RecipientReport? Read(string text)
    {
        var paragraphs = text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        if (paragraphs is not [var first, .. var rest] || !first.TrimStart().StartsWith("Hi. This is the ", StringComparison.Ordinal))
        {
            return null;
        }

        foreach (var paragraph in rest)
        {
            // "-" begins the copy of the message; "<" a recipient.
            if (paragraph.StartsWith('-'))
            {
                break;
            }

            if (Recipient().Match(paragraph) is { Success: true } found)
            {
                var words = MailWords.Clean(found.Groups["words"].Value.ReplaceLineEndings(" "));
                return new RecipientReport("failed", StatusOf(words), found.Groups["address"].Value, words);
            }
        }

        return null;
    }

    // qmail ends a permanent failure with (#5.x.x); a remote reply has its own code in front.
    private static string StatusOf(string words) =>
        Enhanced().Match(words) is { Success: true } code ? code.Value : Basic().Match(words) is { Success: true } basic ? basic.Groups[1].Value == "5" ? "5.0.0" : "4.0.0" : "";

    [GeneratedRegex(@"^<(?<address>[^<>\s]{3,320})>:\s*(?<words>.+)$", RegexOptions.Singleline, 1000)]
    private static partial Regex Recipient();

    [GeneratedRegex(@"\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b", RegexOptions.None, 1000)]
    private static partial Regex Enhanced();

    [GeneratedRegex(@"\b([45])[0-9][0-9]\b", RegexOptions.None, 1000)]
    private static partial Regex Basic();
}
