using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters.Segmenting;
using Panel.Services.Newsletters.Sending;

namespace Panel.Services.Newsletters.Approving;

/// <summary>An issue as the second person sees it.</summary>
/// <param name="Version">The fingerprint that an approval is bound to.</param>
/// <param name="ApprovedBy">Who approved exactly this version; null while nobody has.</param>
/// <param name="Asked">Whether somebody was asked by mail to look at exactly this version.</param>
/// <param name="Objection">What the last one to look at exactly this version minds.</param>
public sealed record ApprovalPage(
    long Id, string Handle, string List, string ListTitle, string Subject, string From, string To, int People, string Version, bool Wanted, string? Approver,
    string? ApprovedBy, DateTime? ApprovedAt, string? Objection, string? ObjectedBy, IssueState State, bool Asked);

/// <summary>The second pair of eyes: another member, named on the list, or an admin approves one exact version of an issue, and
/// who approved cannot be who sends it off. A look changes nothing (rule V8; Sympa #1737: link scanners approved posts).</summary>
public sealed class Approvals(PanelDb db, Audiences audiences, ApprovalLetters letters, AuditTrail audit, TimeProvider time)
{
    private const int LongestObjection = 500;

    /// <summary>Drafts of others that wait for this person's look.</summary>
    public async Task<IReadOnlyList<ApprovalPage>> WaitingAsync(Actor by, CancellationToken ct)
    {
        var drafts = await db.Set<Issue>().AsNoTracking().Where(i => i.State == IssueState.Draft)
            .Join(db.Set<MailingList>().Where(l => l.RemovedAt == null && l.ApprovalWantedAt != null && l.MemberId != by.MemberId && (by.IsAdmin || l.ApproverId == by.MemberId)), i => i.ListId, l => l.Id, (i, l) => new { Issue = i, List = l })
            .OrderByDescending(r => r.Issue.Id).Take(100).ToListAsync(ct);
        var pages = new List<ApprovalPage>();
        foreach (var row in drafts)
        {
            var page = await PageOfAsync(row.Issue, row.List, ct);
            if (page is { ApprovedBy: null, Objection: null })
            {
                pages.Add(page);
            }
        }

        return pages;
    }

    public async Task<Outcome<ApprovalPage>> ShowAsync(Actor by, long id, CancellationToken ct) =>
        await FindAsync(by, id, ct) is { } found ? await PageOfAsync(found.Issue, found.List, ct) : new NotThere($"issue {id}");

    /// <summary>The issue as it would arrive.</summary>
    public async Task<Outcome<IssuePreview>> PreviewAsync(Actor by, long id, CancellationToken ct) =>
        await FindAsync(by, id, ct) is { } found ? IssuePrinter.Preview(found.Issue, found.List) : new NotThere($"issue {id}");

    /// <summary>The author asks by mail for a look at the draft as it stands now; once for each version.</summary>
    public async Task<Outcome<ApprovalPage>> AskAsync(Actor by, long id, CancellationToken ct)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var (issue, list) = found;
        if (by.MemberId != list.MemberId && !by.IsAdmin)
        {
            return new NotAllowed("Whose issue it is asks for the look.");
        }

        if (NotToBeApproved(issue, list) is { } no)
        {
            return no;
        }

        var version = VersionOf(issue, list);
        if (await SaidAsync(id, version, ct) is { } said)
        {
            return new InTheWay(said.Objection is null ? $"{said.ByName} has approved this version already." : $"{said.ByName} minds this version: change it first.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Two clicks at once are one mail.
        if (await db.Set<Issue>().Where(i => i.Id == id && i.ApprovalAsked != version).ExecuteUpdateAsync(set => set.SetProperty(i => i.ApprovalAsked, version), ct) == 0)
        {
            return new InTheWay($"You have asked for this version: {await WhoAsync(list, ct)} got a mail.");
        }

        var asked = await letters.AskAsync(list, issue, ct);
        if (asked.Count == 0)
        {
            return new InTheWay("There is nobody who could be asked: name a second person on the list, or ask for another admin in the house.");
        }

        audit.Add(by, list.MemberId, "issue.ask", $"{list.Name}: {issue.Subject}", ("version", null, version), ("who", null, string.Join(", ", asked)));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        letters.Wake();
        issue.ApprovalAsked = version;
        return await PageOfAsync(issue, list, ct);
    }

    /// <summary>Says yes to <paramref name="version"/>, and to nothing that was changed since it was shown.</summary>
    public Task<Outcome<ApprovalPage>> ApproveAsync(Actor by, long id, string? version, CancellationToken ct) => SayAsync(by, id, version, null, ct);

    /// <summary>Says no, with words for its author.</summary>
    public Task<Outcome<ApprovalPage>> ObjectAsync(Actor by, long id, string? version, string? why, CancellationToken ct) => SayAsync(by, id, version, why?.Trim() ?? "", ct);

    /// <summary>Null, or why <paramref name="sender"/> may not send this off yet.</summary>
    internal async Task<Refusal?> CheckAsync(Actor? sender, Issue issue, MailingList list, CancellationToken ct)
    {
        if (list.ApprovalWantedAt is null)
        {
            return null;
        }

        var said = await SaidAsync(issue.Id, VersionOf(issue, list), ct);
        return said switch
        {
            null => new InTheWay($"Somebody else must approve this version first: {await WhoAsync(list, ct)}. The page is /approvals/{issue.Id}."),
            { Objection: { } why } => new InTheWay($"{said.ByName} minds this version: {why}"),
            _ when sender is not null && IsSame(sender, said) => new InTheWay("You approved this version yourself, so somebody else has to send it off."),
            _ => null,
        };
    }

    /// <summary>The fingerprint of all that people would read: words, sender, recipients, foot.</summary>
    internal static string VersionOf(Issue issue, MailingList list)
    {
        string[] parts = [issue.Subject, issue.Markdown, issue.Audience, list.FromName, list.FromEmail, list.Title, list.PostalAddress, list.Language];
        var whole = string.Concat(parts.Select(p => $"{p.Length}:{p}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whole)).AsSpan(0, 10));
    }

    private async Task<Outcome<ApprovalPage>> SayAsync(Actor by, long id, string? version, string? objection, CancellationToken ct)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var (issue, list) = found;
        if (by.MemberId == list.MemberId)
        {
            return new NotAllowed("Your own issue needs somebody else's eyes.");
        }

        if (NotToBeApproved(issue, list) is { } no)
        {
            return no;
        }

        if (version != VersionOf(issue, list))
        {
            return new InTheWay("It was changed since you looked at it. Look again, then decide.");
        }

        if (objection is { Length: 0 or > LongestObjection })
        {
            return new Refusal($"Say in 1 to {LongestObjection} characters what should change.", "why");
        }

        db.Add(new IssueApproval { IssueId = id, Version = version, ById = by.MemberId, ByName = by.Name, At = time.GetUtcNow().UtcDateTime, Objection = objection });
        audit.Add(by, list.MemberId, objection is null ? "issue.approve" : "issue.object", $"{list.Name}: {issue.Subject}", ("version", null, version), ("words", null, objection));
        await letters.AnswerAsync(list, issue, by.Name, objection, ct);
        await db.SaveChangesAsync(ct);
        letters.Wake();
        return await PageOfAsync(issue, list, ct);
    }

    private static InTheWay? NotToBeApproved(Issue issue, MailingList list) =>
        list.ApprovalWantedAt is null ? new InTheWay("This list asks for no approval.")
        : issue.State != IssueState.Draft ? new InTheWay($"This issue is {Issues.Words(issue.State)}: only a draft is approved.")
        : null;

    // Its owner sees how it stands; the approver and admins decide. For everybody else there is no such issue.
    private async Task<(Issue Issue, MailingList List)?> FindAsync(Actor by, long id, CancellationToken ct)
    {
        var issue = await db.Set<Issue>().AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, ct);
        var list = issue is null ? null : await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(
            l => l.Id == issue.ListId && l.RemovedAt == null && (by.IsAdmin || (by.MemberId != null && (l.MemberId == by.MemberId || (l.ApproverId == by.MemberId && l.ApprovalWantedAt != null)))), ct);
        return list is null ? null : (issue!, list);
    }

    private Task<IssueApproval?> SaidAsync(long id, string version, CancellationToken ct) =>
        db.Set<IssueApproval>().AsNoTracking().Where(a => a.IssueId == id && a.Version == version).OrderByDescending(a => a.Id).FirstOrDefaultAsync(ct);

    private async Task<string> WhoAsync(MailingList list, CancellationToken ct) =>
        list.ApproverId is { } id && await db.Users.Where(m => m.Id == id).Select(m => m.UserName).SingleOrDefaultAsync(ct) is { } handle ? $"{handle} or an admin" : "an admin of the house";

    private async Task<ApprovalPage> PageOfAsync(Issue issue, MailingList list, CancellationToken ct)
    {
        var version = VersionOf(issue, list);
        var said = await SaidAsync(issue.Id, version, ct);
        var yes = said is { Objection: null } ? said : null;
        return new ApprovalPage(
            issue.Id, await db.Users.Where(m => m.Id == list.MemberId).Select(m => m.UserName!).SingleAsync(ct), list.Name, list.Title, IssuePrinter.SubjectForNobody(issue.Subject), $"{list.FromName} <{list.FromEmail}>",
            issue.Audience.Length == 0 ? "everybody on the list" : $"{issue.AudienceName}: {Segments.Words(issue.Audience)}", await audiences.PeopleAsync(list, issue.Audience, ct), version,
            list.ApprovalWantedAt is not null, list.ApproverId is null ? null : await db.Users.Where(m => m.Id == list.ApproverId).Select(m => m.UserName).SingleOrDefaultAsync(ct),
            yes?.ByName, yes?.At, said?.Objection, said?.Objection is null ? null : said.ByName, issue.State, issue.ApprovalAsked == version);
    }

    private static bool IsSame(Actor sender, IssueApproval said) => sender.MemberId is { } id ? id == said.ById : said.ById is null && said.ByName == sender.Name;
}
