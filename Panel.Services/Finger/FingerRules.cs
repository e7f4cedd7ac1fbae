using System.Globalization;
using System.Text;

namespace Panel.Services.Finger;

/// <summary>What a member may say. Everything that passes here is sent unchanged but for its line ends.</summary>
public static class FingerRules
{
    /// <summary>A plan's limit in bytes of UTF-8: 64 KiB, between the 4 KB and the 100 KB that other servers take.</summary>
    public const int PlanBytes = 64 * 1024;

    public const int NameLength = 100;
    public const int ProjectLength = 400;
    public const int WebPageLength = 500;

    /// <summary>Line ends become LF, and what must be one line loses the line end at its end, as files have one.</summary>
    internal static FingerChanges Tidy(FingerChanges wanted) => wanted with
    {
        Name = wanted.Name?.Trim(),
        WebPage = wanted.WebPage?.Trim(),
        Project = wanted.Project?.Trim(),
        WithheldReason = wanted.Withheld == true ? wanted.WithheldReason?.Trim() : null,
        Plan = wanted.Plan?.Replace("\r\n", "\n", StringComparison.Ordinal),
    };

    /// <summary>Null when everything holds, else the first thing that does not, with its place.</summary>
    internal static Refusal? Check(FingerChanges wanted) =>
        OneLine(wanted.Name, "name", "name", NameLength)
        ?? OneLine(wanted.Project, "project", "project", ProjectLength)
        ?? OneLine(wanted.WebPage, "web page", "webPage", WebPageLength)
        ?? OneLine(wanted.WithheldReason, "reason", "withheldReason", ProjectLength)
        ?? CheckWebPage(wanted.WebPage)
        ?? CheckPlan(wanted.Plan);

    /// <summary>The words of a name by which it can be asked for, and the whole of it.</summary>
    internal static IReadOnlyList<string> Words(string name)
    {
        var folded = Fold(name);
        var words = folded.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. words.Append(string.Join(' ', words)).Where(w => w.Length > 0).Distinct().Take(12)];
    }

    /// <summary>The full name that is told: the account's, else the member's, else the handle, so that there always is one.</summary>
    internal static string NameOf(string account, string member, string handle) =>
        account.Length > 0 ? account : member.Length > 0 ? member : handle;

    internal static string Fold(string name) => name.ToLower(CultureInfo.InvariantCulture).Normalize();

    internal static Refusal? OneLine(string? text, string what, string field, int longest) => text switch
    {
        null => null,
        _ when text.Length > longest => new Refusal(
            string.Create(CultureInfo.InvariantCulture, $"The {what} has {text.Length} characters; {longest} is the most."), field),
        _ when FingerText.Faults(text, lines: false).Take(1).ToList() is [var fault] => new Refusal(
            string.Create(CultureInfo.InvariantCulture, $"The {what} must be one line without control characters; there is one at {fault}."), field),
        _ => null,
    };

    private static Refusal? CheckWebPage(string? page) =>
        string.IsNullOrEmpty(page) || (Uri.TryCreate(page, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && !page.Contains(' ', StringComparison.Ordinal))
            ? null
            : new Refusal("The web page must be a whole address that begins with https:// or http://.", "webPage");

    private static Refusal? CheckPlan(string? plan)
    {
        if (plan is null)
        {
            return null;
        }

        var faults = FingerText.Faults(plan, lines: true).Take(6).ToList();
        if (faults.Count > 0)
        {
            var places = string.Join("; ", faults.Take(5)) + (faults.Count > 5 ? "; and more" : string.Empty);
            return new Refusal($"The plan has characters that no terminal should be sent: {places}. Please take them out.", "plan");
        }

        var bytes = Encoding.UTF8.GetByteCount(plan);
        return bytes <= PlanBytes
            ? null
            : new Refusal(string.Create(CultureInfo.InvariantCulture, $"The plan has {bytes} bytes; {PlanBytes} is the most."), "plan");
    }
}
