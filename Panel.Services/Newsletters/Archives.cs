using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters.Sending;

namespace Panel.Services.Newsletters;

public sealed record ArchiveEntry(long Id, string Subject, DateTime At, Uri Url);

/// <param name="Body">The words as HTML without the frame of a mail.</param>
public sealed record FeedEntry(ArchiveEntry Issue, DateTime ChangedAt, string Body);

public sealed record ArchivedIssue(PublicList List, ArchiveEntry Issue, string Html);

/// <summary>Issues that were sent, for everybody to read, unless the list's owner keeps them among its readers. A withdrawn one
/// is gone in every form (rule V7).</summary>
public sealed class Archives(PanelDb db, Issues issues, AuditTrail audit, TimeProvider time, IOptions<PanelOptions> panel)
{
    private const int Shown = 500;
    private const int InFeed = 20;
    private static readonly IssueState[] Public = [IssueState.Sending, IssueState.Paused, IssueState.Sent];

    /// <summary>What stands on the list's page, newest first.</summary>
    public async Task<Outcome<IReadOnlyList<ArchiveEntry>>> ListAsync(string handle, string name, CancellationToken ct)
    {
        if (await SignUps.FindAsync(db, handle, name, ct) is not { } found)
        {
            return new NotThere("such list");
        }

        var entries = found.Page.ShowsIssues
            ? await Of(found.List.Id).Take(Shown).Select(i => new { i.Id, i.Subject, At = i.StartedAt!.Value }).ToListAsync(ct)
            : [];
        return entries.ConvertAll(e => new ArchiveEntry(e.Id, PlainSubject(e.Subject), e.At, UrlOf(handle, name, e.Id)));
    }

    /// <summary>One issue as a document of its own, for somebody without a name.</summary>
    public async Task<Outcome<ArchivedIssue>> ReadAsync(string handle, string name, long id, CancellationToken ct)
    {
        if (await SignUps.FindAsync(db, handle, name, ct) is not { } found || !found.Page.ShowsIssues)
        {
            return new NotThere("such issue");
        }

        var issue = await db.Set<Issue>().AsNoTracking().SingleOrDefaultAsync(i => i.Id == id && i.ListId == found.List.Id && i.StartedAt != null, ct);
        if (issue is null || (issue.WithdrawnAt is null && !Public.Contains(issue.State)))
        {
            return new NotThere("such issue");
        }

        if (issue.WithdrawnAt is not null)
        {
            return new TakenAway("This issue was taken out of the archive.");
        }

        var rendered = IssuePrinter.Archive(issue, found.List, new Uri(panel.Value.PublicUri, $"/lists/{handle}/{name}").ToString());
        return rendered.Succeeded
            ? new ArchivedIssue(found.Page, new ArchiveEntry(id, PlainSubject(issue.Subject), issue.StartedAt!.Value, UrlOf(handle, name, id)), rendered.Value.Html)
            : new NotThere("such issue");
    }

    /// <summary>The newest issues whole, for a feed reader.</summary>
    public async Task<Outcome<(PublicList List, Uri Url, IReadOnlyList<FeedEntry> Entries)>> FeedAsync(string handle, string name, CancellationToken ct)
    {
        if (await SignUps.FindAsync(db, handle, name, ct) is not { } found || !found.Page.ShowsIssues)
        {
            return new NotThere("such feed");
        }

        var entries = new List<FeedEntry>();
        foreach (var issue in await Of(found.List.Id).Take(InFeed).ToListAsync(ct))
        {
            if (IssuePrinter.Archive(issue, found.List, "") is { Succeeded: true } rendered)
            {
                entries.Add(new FeedEntry(new ArchiveEntry(issue.Id, PlainSubject(issue.Subject), issue.StartedAt!.Value, UrlOf(handle, name, issue.Id)), issue.StartedAt.Value, rendered.Value.Body));
            }
        }

        return (found.Page, new Uri(panel.Value.PublicUri, $"/lists/{handle}/{name}"), (IReadOnlyList<FeedEntry>)entries);
    }

    /// <summary>Takes an issue out of the archive, or with <paramref name="back"/> puts it in again.</summary>
    public async Task<Outcome<IssuePage>> WithdrawAsync(Actor by, long id, bool back, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        if (found.Issue.StartedAt is null)
        {
            return new InTheWay("It was not sent, so it is in no archive.");
        }

        var now = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Set<Issue>().Where(i => i.Id == id).ExecuteUpdateAsync(set => set.SetProperty(i => i.WithdrawnAt, back ? null : (DateTime?)now), ct);
        audit.Add(by, found.List.MemberId, back ? "issue.publish" : "issue.withdraw", $"{found.List.Name}: {found.Issue.Subject}");
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await issues.ShowAsync(by, id, ct);
    }

    private IQueryable<Issue> Of(long list) => db.Set<Issue>().AsNoTracking()
        .Where(i => i.ListId == list && Public.Contains(i.State) && i.StartedAt != null && i.WithdrawnAt == null).OrderByDescending(i => i.StartedAt).ThenByDescending(i => i.Id);

    private Uri UrlOf(string handle, string name, long id) => new(panel.Value.PublicUri, $"/lists/{handle}/{name}/issues/{id}");

    private static string PlainSubject(string subject) => IssuePrinter.SubjectForNobody(subject);
}
