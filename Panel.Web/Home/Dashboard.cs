using System.Text;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Finger;
using Panel.Services.Finger.Reports;
using Panel.Services.Hosting;
using Panel.Services.Newsletters;

namespace Panel.Web.Home;

/// <summary>Everything of one member on one page, asked from the front doors one after the other; a part that is refused
/// is left out.</summary>
public sealed class Dashboard(Panel.Services.Members.Members members, Sites sites, Lists lists, Issues issues, FingerAccounts fingers, FingerReports reports, Usage usage, AuditTrail audit)
{
    private const int LatestEntries = 6;
    private const int FingerLines = 6;
    private const int NearlyFull = 80;

    public async Task<HomePage> OfAsync(Actor me, string handle, CancellationToken ct)
    {
        var member = (await members.ShowAsync(me, handle, ct)).Value;
        var own = (await sites.ListAsync(me, handle, ct)).Value ?? [];
        var letters = await LettersAsync(me, handle, ct);
        var finger = await FingerAsync(me, handle, ct);
        var used = (await usage.ShowAsync(me, handle, ct)).Value;
        var lately = (await audit.ListAsync(me, handle, null, ct)).Value ?? [];
        List<Need> needs = [.. NeedsOf(await reports.WaitingAsync(me, ct)), .. own.SelectMany(NeedsOf), .. letters.SelectMany(NeedsOf), .. NeedsOf(finger), .. NeedsOf(used)];
        return new HomePage(
            HomePage.Greet(member?.Name is { Length: > 0 } name ? name : handle), handle, needs, own, letters, finger, used, [.. lately.Take(LatestEntries)]);
    }

    internal static IEnumerable<Need> NeedsOf(SitePage site)
    {
        if (site.State == "failed")
        {
            yield return new Need($"The site {site.Name} is not live.", site.Reason ?? "The host did not say why.", $"/sites/{site.Name}", "Look at it");
        }

        foreach (var domain in site.Domains.Where(d => d.ApprovedAt is null))
        {
            yield return new Need($"{domain.Typed} is not served yet.", "Show that it is yours by one row in its DNS, or ask an admin of the house.", $"/sites/{site.Name}/domains/{domain.Name}", "See the row");
        }
    }

    internal static IEnumerable<Need> NeedsOf(ListCell letters)
    {
        var (list, issue) = letters;
        if (!list.FromApproved)
        {
            yield return new Need($"{list.Title} cannot be sent yet.", $"An admin of the house must say first that {list.FromEmail} is yours.", $"/newsletters/{list.Name}", "See where it stands");
        }

        if (list.PostalAddress.Length == 0)
        {
            yield return new Need($"{list.Title} has no postal address.", "Many countries want one at the foot of every mail.", $"/newsletters/{list.Name}/edit", "Add it");
        }

        if (issue is { State: IssueState.Asking })
        {
            yield return new Need($"\u201c{issue.Subject}\u201d was not sent at its time.", "The house was not running then. Nothing goes out until you say so.", $"/newsletters/{list.Name}/issues/{issue.Id}", "Decide");
        }
        else if (issue is { State: IssueState.Paused })
        {
            yield return new Need($"\u201c{issue.Subject}\u201d is paused.", issue.Note ?? "The rest waits for you.", $"/newsletters/{list.Name}/issues/{issue.Id}", "Look at it");
        }
    }

    internal static IEnumerable<Need> NeedsOf(UsagePage? used) =>
        used is { LimitBytes: > 0 and var limit } && used.DiskBytes * 100 >= limit * NearlyFull
            ? [new Need($"Your disk is {used.DiskBytes * 100 / limit} % full.", "When it is full, nothing more can be written; what is there stays.", "/usage", "See what is large")]
            : [];

    private static IEnumerable<Need> NeedsOf(FingerCell? finger) =>
        finger is { State: "failed" } ? [new Need("Your finger account does not answer.", $"An admin of the house withholds it{(finger.Why is null ? "." : $": {finger.Why}")}", "/finger", "Look at it")] : [];

    private static IEnumerable<Need> NeedsOf(int reports) =>
        reports > 0 ? [new Need(reports == 1 ? "A reader reported a page." : $"{reports} reports of readers wait.", "Somebody says that a finger page of this house is not right.", "/care", "Look, and decide")] : [];

    private async Task<List<ListCell>> LettersAsync(Actor me, string handle, CancellationToken ct)
    {
        var cells = new List<ListCell>();
        foreach (var list in (await lists.ListAsync(me, handle, ct)).Value ?? [])
        {
            var written = (await issues.ListAsync(me, handle, list.Name, ct)).Value ?? [];
            cells.Add(new ListCell(list, written.FirstOrDefault(i => i.State is not (IssueState.Draft or IssueState.Sent or IssueState.Cancelled)) ?? written.FirstOrDefault(i => i.State == IssueState.Sent)));
        }

        return cells;
    }

    private async Task<FingerCell?> FingerAsync(Actor me, string handle, CancellationToken ct)
    {
        if ((await fingers.ShowAsync(me, handle, ct)).Value is not { } page || (await fingers.TextAsync(me, handle, false, ct)) is not { Refused: null } text)
        {
            return null;
        }

        var (state, words) = page switch
        {
            { Withheld: true } => ("failed", "Withheld"),
            { Hidden: true } => ("hidden", "Hidden"),
            _ => ("answering", "Answering"),
        };
        return new FingerCell(state, words, $"finger {page.Address}", FirstLines(Encoding.UTF8.GetString(text.Value.Span)), page.PlanWrittenAt, page.Withheld ? page.WithheldReason : null);
    }

    internal static string FirstLines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Trim('\n').Split('\n');
        return string.Join('\n', lines.Take(FingerLines)) + (lines.Length > FingerLines ? "\n..." : "");
    }
}
