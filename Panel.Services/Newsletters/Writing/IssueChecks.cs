using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Mail.Content;
using Panel.Services.Newsletters.Sending;

namespace Panel.Services.Newsletters.Writing;

/// <param name="Stops">It cannot be sent like this; otherwise it is advice.</param>
public sealed record IssueCheck(string What, string Words, bool Stops);

/// <summary>What a careful friend would say before an issue is sent.</summary>
public sealed class IssueChecks(PanelDb db, Issues issues, DispatchRules rules)
{
    /// <summary>Gmail shows no more of a mail than this (support.google.com/mail/thread: "Message clipped").</summary>
    private const int Clipped = 102 * 1024;

    /// <summary>Longer subjects are cut on most phones.</summary>
    private const int LongSubject = 70;

    public async Task<Outcome<IReadOnlyList<IssueCheck>>> CheckAsync(Actor by, long id, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var (issue, list) = found;
        var said = new List<IssueCheck>(OfWords(issue, list));
        var people = await rules.PeopleAsync(list, issue.Audience, ct);
        if (people == 0)
        {
            said.Add(new IssueCheck("people", issue.Audience.Length > 0 ? $"Nobody in the segment {issue.AudienceName} gets mail, so there is nobody to send to." : "Nobody on the list gets mail, so there is nobody to send to.", true));
        }

        var before = await db.Set<Issue>().Where(i => i.ListId == list.Id && i.Id != id && i.State == IssueState.Sent && i.Audience == issue.Audience).OrderByDescending(i => i.StartedAt).Select(i => i.Mails).FirstOrDefaultAsync(ct);
        if (before > 0 && people > before * 1.2)
        {
            said.Add(new IssueCheck("people", $"The last issue went to {before:N0} people, this one goes to {people:N0}. Is that meant?", false));
        }

        if (await AgainAsync(issue, ct) is { } again)
        {
            said.Add(again);
        }

        return said;
    }

    // The same issue twice is the commonest way to lose readers.
    private async Task<IssueCheck?> AgainAsync(Issue issue, CancellationToken ct)
    {
        var same = await db.Set<Issue>().AsNoTracking()
            .Where(i => i.ListId == issue.ListId && i.Id != issue.Id && (i.Markdown == issue.Markdown || i.Subject == issue.Subject) && i.State != IssueState.Draft && i.State != IssueState.Cancelled)
            .OrderByDescending(i => i.Id).Select(i => new { i.Id, Text = i.Markdown == issue.Markdown, At = i.StartedAt ?? i.DueAt }).FirstOrDefaultAsync(ct);
        return same is null ? null : new IssueCheck(
            "again", $"{(same.Text ? "The same text" : "The same subject")} stands in issue {same.Id}{(same.At is { } at ? $" of {at:d MMMM yyyy}" : "")}. Is it meant to go out again?", false);
    }

    internal static IEnumerable<IssueCheck> OfWords(Issue issue, MailingList list)
    {
        if (list.PostalAddress.Length == 0)
        {
            yield return new IssueCheck("postal address", "There is no postal address at the foot. The law of many countries wants one.", false);
        }

        if (issue.Subject.Length > LongSubject)
        {
            yield return new IssueCheck("subject", $"The subject has {issue.Subject.Length} characters; most phones show about {LongSubject}.", false);
        }

        var rendered = IssuePrinter.Render(issue, list);
        if (rendered.Refused is { } no)
        {
            yield return new IssueCheck("text", no.Message, true);
            yield break;
        }

        var size = Encoding.UTF8.GetByteCount(rendered.Value!.Html.Fill(new Dictionary<string, string>()));
        if (size > Clipped)
        {
            yield return new IssueCheck("size", $"It has {size / 1024} KB. Gmail cuts off what is beyond 102 KB, and with it the link to leave.", false);
        }

        if (MarkdownTree.Read(MailText.WithoutMarks(issue.Markdown), "markdown").Value is { } tree)
        {
            foreach (var link in tree.Descendants<LinkInline>())
            {
                if (OfLink(link) is { } said)
                {
                    yield return said;
                }
            }
        }
    }

    private static IssueCheck? OfLink(LinkInline link)
    {
        var words = TextBody.Words(link).Trim();
        var address = Uri.TryCreate(link.Url, UriKind.Absolute, out var parsed) ? parsed : null;
        return link.IsImage ? null
            : words.Length == 0 ? new IssueCheck("link", $"Line {link.Line + 1}: a link without words cannot be pressed.", false)
            : address?.Host is { } host && (host == "example.com" || host.EndsWith(".example", StringComparison.Ordinal) || host == "localhost")
                ? new IssueCheck("link", $"Line {link.Line + 1}: {host} leads nowhere.", false)
            : address is not null && Uri.TryCreate(words, UriKind.Absolute, out var shown) && shown.Host.Length > 0 && shown.Host != address.Host
                ? new IssueCheck("link", $"Line {link.Line + 1}: it says {shown.Host} but leads to {address.Host}. Receivers take that for fraud.", false)
            : address?.Scheme == Uri.UriSchemeHttp ? new IssueCheck("link", $"Line {link.Line + 1}: {address.Host} is linked without https.", false) : null;
    }
}
