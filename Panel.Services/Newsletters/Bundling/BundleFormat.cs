using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Panel.Services.Newsletters.Bundling;

/// <summary>The head of a bundle.</summary>
/// <param name="House">Recognises the key of the house it comes from; hashes of erased people can be read by no other.</param>
/// <param name="ImagesUrl">What addresses of its images begin with in the issues.</param>
internal sealed record BundleHead(
    int Version, string Name, string Title, string Description, string FromName, string FromEmail, string PostalAddress, string Language, string ConsentText, string Fields,
    bool ArchiveIsOpen, string House, string ImagesUrl, DateTime MadeAt)
{
    public const int Known = 1;
}

internal sealed record BundleIssue(
    long Id, string Subject, string Markdown, string State, DateTime CreatedAt, DateTime ChangedAt, DateTime? StartedAt, DateTime? FinishedAt, DateTime? WithdrawnAt);

/// <summary>The whole of a list as one zip of open formats: CSV, JSON, mails as .eml, images.</summary>
internal static partial class BundleFormat
{
    public const string Head = "list.json";
    public const string Issues = "issues.json";
    public const string People = "subscribers.csv";
    public const string Consents = "consents.csv";
    public const string Suppressions = "suppressions.csv";
    public const string ReadMe = "README.txt";

    public static readonly string[] PeopleColumns = ["email", "name", "state", "joinedAt", "consentAt", "changedAt", "pausedUntil", "fields"];
    public static readonly string[] ConsentColumns = ["email", "form", "text", "givenAt", "confirmedAt", "network"];
    public static readonly string[] SuppressionColumns = ["hash", "reason", "at"];

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        MaxDepth = 8,
    };

    public const string ReadMeText =
        """
        This is a whole newsletter list.

        list.json          what the list is
        subscribers.csv    everybody who ever was on it, with their state; whoever has left, bounced or complained must not be mailed
        consents.csv       the proof of each consent: words, form, times
        suppressions.csv   people who were erased, as hashes that only the house they come from can read
        issues.json        the issues as they were written (Markdown)
        issues/*.eml       the same as mails
        images/*           their pictures

        Times are UTC. A cell that a spreadsheet would take for a formula has an apostrophe before it.
        Bring it into a house with: panel list import HANDLE NAME FILE

        """;

    public static string Time(DateTime? at) => at?.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture) ?? "";

    public static DateTime? Time(string cell) =>
        DateTime.TryParse(cell, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var at) && at.Year is >= 1990 and < 2200 ? at : null;

    /// <summary>A cell as it was before it was made safe for spreadsheets.</summary>
    public static string Plain(string cell) => cell.Length > 1 && cell[0] == '\'' && "=+-@\t\r".Contains(cell[1], StringComparison.Ordinal) ? cell[1..] : cell;

    /// <summary>The only names that an archive may hold; none of them is a way out of anywhere.</summary>
    [GeneratedRegex(@"\A(?:list\.json|issues\.json|subscribers\.csv|consents\.csv|suppressions\.csv|README\.txt|issues/|images/|issues/[0-9]{1,18}\.eml|images/[0-9a-f]{32}\.(?:png|jpg|gif|webp))\z")]
    public static partial Regex Name();
}
