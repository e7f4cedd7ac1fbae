using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail.Content;
using Panel.Services.Mail.Dkim;
using Panel.Services.Newsletters.Returning;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Makes letters of issues: the one way for preview, test mail and sending, so that what was seen is what arrives.</summary>
public sealed class IssuePrinter(PanelDb db, HouseKeys keys, ReaderTokens tokens, SenderDomains senders, ReturnAddresses returns, IOptions<PanelOptions> panel, IOptions<NewslettersOptions> options)
{
    internal const string MessageIdKey = "message-ids";

    /// <summary>The issues that this house is sending now; those of a suspended member wait.</summary>
    internal Task<List<Issue>> SendingAsync(CancellationToken ct) =>
        db.Set<Issue>().AsNoTracking().Where(i => i.State == IssueState.Sending &&
            db.Set<MailingList>().Any(l => l.Id == i.ListId && db.Users.Any(m => m.Id == l.MemberId && m.SuspendedAt == null && m.RemovedAt == null)))
            .OrderBy(i => i.Id).ToListAsync(ct);

    /// <summary>An issue ready to be sent, or null when its words cannot be rendered any more; then it is paused and says why.</summary>
    internal async Task<(SendingIssue Issue, IssueLetter Letter)?> PrintAsync(long id, CancellationToken ct)
    {
        var issue = await db.Set<Issue>().AsNoTracking().SingleAsync(i => i.Id == id, ct);
        var list = await db.Set<MailingList>().AsNoTracking().SingleAsync(l => l.Id == issue.ListId, ct);
        var letter = await LetterAsync(issue, list, ct);
        if (letter.Refused is { } no)
        {
            await db.Set<Issue>().Where(i => i.Id == id && i.State == IssueState.Sending)
                .ExecuteUpdateAsync(set => set.SetProperty(i => i.State, IssueState.Paused).SetProperty(i => i.Note, no.Message), ct);
            return null;
        }

        return (new SendingIssue(issue.Id, list.Id, list.MemberId, issue.RetriedAt ?? issue.StartedAt ?? issue.CreatedAt) { FromDomain = EmailAddress.Parse(list.FromEmail)!.Domain }, letter.Value!);
    }

    internal static Outcome<RenderedIssue> Render(Issue issue, MailingList list, string? webUrl = null, string? homeUrl = null, bool track = false) => IssueRenderer.Render(new IssueDraft
    {
        // Who wants no street address at the foot still says who writes; the last screen and home ask for one (L8).
        Subject = issue.Subject,
        Markdown = issue.Markdown,
        ListTitle = list.Title,
        Language = list.Language,
        PostalAddress = list.PostalAddress.Length > 0 ? list.PostalAddress : $"{list.FromName} <{list.FromEmail}>",
        WebUrl = webUrl,
        HomeUrl = homeUrl,
        Track = track,
        Fields = ["name", MergeFields.Email, .. list.FieldNames],
    });

    /// <summary>The issue as everybody may read it: nobody's name, nobody's leave link.</summary>
    internal static Outcome<(string Html, string Body)> Archive(Issue issue, MailingList list, string homeUrl)
    {
        var rendered = Render(issue, list, homeUrl: homeUrl);
        var nobody = new Dictionary<string, string>();
        return rendered.Succeeded ? (rendered.Value.Html.Fill(nobody), rendered.Value.Body.Fill(nobody)) : rendered.Refused;
    }

    internal static string SubjectForNobody(string subject) =>
        MergeFields.WithDefaults(subject);

    /// <summary>The issue as this person, or somebody without a name, would read it.</summary>
    internal static Outcome<IssuePreview> Preview(Issue issue, MailingList list, Subscriber? person = null)
    {
        var rendered = Render(issue, list);
        if (!rendered.Succeeded)
        {
            return rendered.Refused;
        }

        var values = IssueLetter.FieldsOf(person?.Name ?? "", person?.Fields ?? "");
        if (person is not null)
        {
            values[MergeFields.Email] = person.Email;
        }

        return new IssuePreview(rendered.Value.Subject.Fill(values), rendered.Value.Html.Fill(values), rendered.Value.Text.Fill(values));
    }

    internal async Task<Outcome<IssueLetter>> LetterAsync(Issue issue, MailingList list, CancellationToken ct)
    {
        var (handle, host) = (await HandleOfAsync(list, ct), panel.Value.PublicUri.Host);
        var home = new Uri(panel.Value.PublicUri, $"/lists/{handle}/{list.Name}").ToString();
        var rendered = Render(issue, list, webUrl: list.ArchiveClosedAt is null ? $"{home}/issues/{issue.Id}" : null, track: list.TrackingOfferedAt is not null);
        if (!rendered.Succeeded)
        {
            return rendered.Refused;
        }

        var from = EmailAddress.Parse(list.FromEmail)!;
        var domain = await db.Set<SenderDomain>().AsNoTracking().SingleOrDefaultAsync(d => d.MemberId == list.MemberId && d.Domain == from.Domain, ct);
        var head = new MessageHead
        {
            FromName = list.FromName,
            FromEmail = list.FromEmail,
            List = new ListHead { Title = list.Title, Id = $"{list.Name}.{handle}.lists.{host}", FeedbackId = $"{issue.Id}:{list.Name}:{handle}:panelhouse", ArchiveUrl = list.ArchiveClosedAt is null ? home : null },
        };
        return new IssueLetter(
            new IssueAddress(issue.Id, list.Id, from.Domain, panel.Value.PublicUrl.TrimEnd('/')),
            new LetterForms(MessageTemplate.Create(head, rendered.Value), rendered.Value.Tracked is { } tracked ? MessageTemplate.Create(head, rendered.Value with { Html = tracked }) : null),
            new LetterKeys(tokens, returns, keys.KeyFor(MessageIdKey), keys.KeyFor("email")), SignerOf(domain));
    }

    private DkimSigner? SignerOf(SenderDomain? domain)
    {
        if (domain is null || !options.Value.Dkim)
        {
            return null;
        }

        using var key = senders.Open(domain);
        return new DkimSigner(domain.Domain, domain.Selector, key.ExportPkcs8PrivateKeyPem());
    }

    internal Task<string> HandleOfAsync(MailingList list, CancellationToken ct) => db.Users.Where(m => m.Id == list.MemberId).Select(m => m.UserName!).SingleAsync(ct);
}
