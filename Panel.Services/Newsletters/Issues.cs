using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Newsletters.Segmenting;
using Panel.Services.Newsletters.Sending;
using Panel.Services.Newsletters.Writing;

namespace Panel.Services.Newsletters;

/// <param name="Base">When the words were last changed as this writer knew them (<see cref="IssuePage.ChangedAt"/>); null overwrites.</param>
/// <param name="Segment">The id of the segment it is for; 0 is everybody, null leaves what was chosen.</param>
public sealed record IssueWords(string Subject, string Markdown, DateTime? Base = null, long? Segment = null);

/// <param name="Mails">How many people it would go to now, or was frozen for.</param>
/// <param name="Note">What holds it up, in words for its owner.</param>
/// <param name="Zone">Whose clocks its owner named the time on; null is UTC.</param>
/// <param name="Segment">The name of the part of the list it is for; null is everybody.</param>
public sealed record IssuePage(
    long Id, string Handle, string List, string ListTitle, string Subject, string Markdown, IssueState State, string? Note, int Mails,
    DateTime CreatedAt, DateTime ChangedAt, DateTime? DueAt, DateTime? StartsAt, DateTime? StartedAt, DateTime? FinishedAt, DateTime? WithdrawnAt = null,
    string? Segment = null, string? SegmentWords = null, string? Zone = null);

/// <summary>An issue as a person would read it; both parts come from the renderer that sends.</summary>
public sealed record IssuePreview(string Subject, string Html, string Text);

/// <summary>What became of a test mail.</summary>
public sealed record TestMail(string To, string Result, int Code, string Reply);

/// <summary>The issues of a member's lists. A foreign one is not there.</summary>
public sealed class Issues(PanelDb db, Lists lists, AuditTrail audit, TimeProvider time, IMailTransport transport, IssuePrinter printer, DispatchRules rules)
{
    private const int MarkdownLimit = 200_000;
    private const int SubjectLimit = 255;
    private const int TestLimit = 50;

    public async Task<Outcome<IssuePage>> AddAsync(Actor by, string handle, string list, IssueWords words, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        if (Check(words) is { } no)
        {
            return no;
        }

        if (await AudienceAsync(words, found, ("", ""), ct) is not { } audience)
        {
            return NoSegment;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var issue = new Issue
        {
            ListId = found.Id,
            Subject = words.Subject.Trim(),
            Markdown = words.Markdown,
            Audience = audience.Rule,
            AudienceName = audience.Name,
            CreatedAt = now,
            ChangedAt = now,
        };
        db.Add(issue);
        audit.Add(by, found.MemberId, "issue.add", $"{list}: {issue.Subject}");
        await db.SaveChangesAsync(ct);
        return await ShowAsync(by, issue.Id, ct);
    }

    /// <summary>A new draft with the words of an earlier issue.</summary>
    public async Task<Outcome<IssuePage>> CopyAsync(Actor by, long id, CancellationToken ct)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var (earlier, now) = (found.Issue, time.GetUtcNow().UtcDateTime);
        var copy = new Issue
        {
            ListId = earlier.ListId,
            Subject = earlier.Subject,
            Markdown = earlier.Markdown,
            Audience = earlier.Audience,
            AudienceName = earlier.AudienceName,
            CreatedAt = now,
            ChangedAt = now,
        };
        db.Add(copy);
        audit.Add(by, found.List.MemberId, "issue.copy", $"{found.List.Name}: {earlier.Subject}");
        await db.SaveChangesAsync(ct);
        return await ShowAsync(by, copy.Id, ct);
    }

    /// <summary>Changes the words of a draft; what was sent off must be taken back first.</summary>
    public async Task<Outcome<IssuePage>> UpdateAsync(Actor by, long id, IssueWords words, CancellationToken ct)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        if (found.Issue.State != IssueState.Draft)
        {
            return new InTheWay($"This issue is {Words(found.Issue.State)}: its words can only be changed while it is a draft.");
        }

        if (Check(words) is { } no)
        {
            return no;
        }

        if (await AudienceAsync(words, found.List, (found.Issue.Audience, found.Issue.AudienceName), ct) is not { } audience)
        {
            return NoSegment;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var same = found.Issue.Subject == words.Subject.Trim() && found.Issue.Markdown == words.Markdown && (found.Issue.Audience, found.Issue.AudienceName) == audience;
        if (same)
        {
            return await ShowAsync(by, id, ct);
        }

        if (words.Base is { } known && known.ToUniversalTime() != found.Issue.ChangedAt)
        {
            return new Overtaken(await IssueVersions.KeepAsync(db, by, id, words.Subject.Trim(), words.Markdown, IssueVersion.Late, now, ct));
        }

        audit.Add(by, found.List.MemberId, "issue.update", $"{found.List.Name}: {found.Issue.Subject}", ("subject", found.Issue.Subject, words.Subject),
            ("segment", found.Issue.AudienceName, audience.Name));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await IssueVersions.KeepAsync(db, by, id, found.Issue.Subject, found.Issue.Markdown, IssueVersion.Earlier, now, ct);
        var was = found.Issue.ChangedAt;
        var changed = await db.Set<Issue>().Where(i => i.Id == id && i.State == IssueState.Draft && i.ChangedAt == was).ExecuteUpdateAsync(
            set => set.SetProperty(i => i.Subject, words.Subject.Trim()).SetProperty(i => i.Markdown, words.Markdown)
                .SetProperty(i => i.Audience, audience.Rule).SetProperty(i => i.AudienceName, audience.Name).SetProperty(i => i.ChangedAt, now), ct);
        if (changed == 0)
        {
            return new InTheWay("This issue was changed or sent off at the same moment. Look again.");
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await ShowAsync(by, id, ct);
    }

    public async Task<Outcome<IReadOnlyList<IssuePage>>> ListAsync(Actor by, string handle, string list, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        var issues = await db.Set<Issue>().AsNoTracking().Where(i => i.ListId == found.Id).OrderByDescending(i => i.Id).Take(500).ToListAsync(ct);
        var people = new Dictionary<string, int>();
        foreach (var audience in issues.Where(i => i.FrozenAt is null).Select(i => i.Audience).Distinct())
        {
            people[audience] = await rules.PeopleAsync(found, audience, ct);
        }

        return issues.ConvertAll(i => PageOf(i, found, handle, people.GetValueOrDefault(i.Audience)));
    }

    public async Task<Outcome<IssuePage>> ShowAsync(Actor by, long id, CancellationToken ct) =>
        await FindAsync(by, id, ct) is { } found
            ? PageOf(found.Issue, found.List, await printer.HandleOfAsync(found.List, ct), found.Issue.FrozenAt is null ? await rules.PeopleAsync(found.List, found.Issue.Audience, ct) : 0)
            : new NotThere($"issue {id}");

    /// <summary>The issue as it would arrive, for somebody without a name; or the line that cannot be sent.</summary>
    /// <param name="reader">A person of the list as whom to read it; null: somebody without a name.</param>
    public async Task<Outcome<IssuePreview>> PreviewAsync(Actor by, long id, CancellationToken ct, long? reader = null)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        var person = reader is null ? null : await db.Set<Subscriber>().AsNoTracking().SingleOrDefaultAsync(s => s.Id == reader && s.ListId == found.List.Id, ct);
        return IssuePrinter.Preview(found.Issue, found.List, person);
    }

    /// <summary>Sends one copy at once, marked by nothing: it is the very message, to an address of the owner's choice. At most 50
    /// per issue, so that it is no way around consent.</summary>
    public async Task<Outcome<TestMail>> TestAsync(Actor by, long id, string? to, CancellationToken ct)
    {
        if (await FindAsync(by, id, ct) is not { } found)
        {
            return new NotThere($"issue {id}");
        }

        if (EmailAddress.Parse(to) is not { } address)
        {
            return new Refusal("That is not a complete e-mail address. It looks like mira@example.net.", "to");
        }

        var letter = await printer.LetterAsync(found.Issue, found.List, ct);
        if (!letter.Succeeded)
        {
            return letter.Refused;
        }

        audit.Add(by, found.List.MemberId, "issue.test", $"{found.List.Name}: {found.Issue.Subject}", ("to", null, address.Typed));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Set<Issue>().Where(i => i.Id == id && i.Tests < TestLimit).ExecuteUpdateAsync(set => set.SetProperty(i => i.Tests, i => i.Tests + 1), ct) == 0)
        {
            return new InTheWay($"{TestLimit} test mails were sent of this issue; that is the limit.");
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await HandOverAsync(letter.Value, address, ct);
    }

    internal async Task<(Issue Issue, MailingList List)?> FindAsync(Actor by, long id, CancellationToken ct)
    {
        var issue = await db.Set<Issue>().AsNoTracking().SingleOrDefaultAsync(i => i.Id == id, ct);
        var list = issue is null ? null : await db.Set<MailingList>().AsNoTracking()
            .SingleOrDefaultAsync(l => l.Id == issue.ListId && l.RemovedAt == null && (by.IsAdmin || l.MemberId == by.MemberId), ct);
        return list is null ? null : (issue!, list);
    }

    internal static string Words(IssueState state) => state switch
    {
        IssueState.Draft => "a draft",
        IssueState.Held => "being held before it starts",
        IssueState.Asking => "overdue and waits for your decision",
        IssueState.Sending => "being sent",
        _ => state.ToString().ToLowerInvariant(),
    };

    private async Task<TestMail> HandOverAsync(IssueLetter letter, EmailAddress address, CancellationToken ct)
    {
        var paper = new LetterPaper();
        letter.Write(paper, 0, address.Typed, "", time.GetUtcNow());
        var opening = await transport.OpenAsync(ct);
        await using var connection = opening.Connection;
        var reply = connection is null ? opening.Reply : await connection.SendAsync(letter.EnvelopeOf(0), address.Typed, paper.Whole.WrittenMemory, _ => Task.FromResult(true), ct);
        return new TestMail(address.Typed, reply.Result == MailResult.Accepted ? "sent" : reply.Result == MailResult.Unknown ? "unknown" : "failed", reply.Code, reply.Words);
    }

    private static Refusal NoSegment => new("There is no such segment on this list.", "segment");

    // The rule itself is kept with the issue: what was looked at is what is frozen, whatever becomes of the segment.
    private async Task<(string Rule, string Name)?> AudienceAsync(IssueWords words, MailingList list, (string, string) now, CancellationToken ct) => words.Segment switch
    {
        null => now,
        0 => ("", ""),
        var id => await db.Set<Segment>().AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.ListId == list.Id, ct) is { } segment ? (segment.Rule, segment.Name) : null,
    };

    private static IssuePage PageOf(Issue i, MailingList list, string handle, int people) => new(
        i.Id, handle, list.Name, list.Title, i.Subject, i.Markdown, i.State, i.Note, i.FrozenAt is null ? people : i.Mails,
        i.CreatedAt, i.ChangedAt, i.DueAt, i.StartsAt, i.StartedAt, i.FinishedAt, i.WithdrawnAt,
        i.Audience.Length == 0 ? null : i.AudienceName, i.Audience.Length == 0 ? null : Segments.Words(i.Audience), i.Zone);

    private static Refusal? Check(IssueWords words) =>
        string.IsNullOrWhiteSpace(words.Subject) || words.Subject.Trim().Length > SubjectLimit || words.Subject.Any(char.IsControl)
            ? new Refusal($"A subject has 1 to {SubjectLimit} characters in one line.", "subject")
            : string.IsNullOrWhiteSpace(words.Markdown) || words.Markdown.Length > MarkdownLimit
                ? new Refusal($"An issue has 1 to {MarkdownLimit:#,0} characters of text.", "markdown")
                : null;
}
