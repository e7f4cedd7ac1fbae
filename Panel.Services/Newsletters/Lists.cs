using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Localization;
using Panel.Services.Members;

namespace Panel.Services.Newsletters;

/// <param name="From">As in <c>Name &lt;a@b.example&gt;</c>.</param>
public sealed record NewList(string Name, string Title, string From, string? PostalAddress = null, string? Description = null, string? Language = null);

/// <summary>What to change of a list; null leaves it as it is.</summary>
/// <param name="Language">en, de, fr or it: what its public pages and mails speak.</param>
/// <param name="Fields">What is kept about people beside name and address, by commas; null leaves it.</param>
/// <param name="Archive">Whether its issues stand on its public page; null leaves it.</param>
/// <param name="SignUps">Whether its form takes sign-ups; null leaves it.</param>
/// <param name="Approval">Whether a second person must approve each issue; null leaves it.</param>
/// <param name="Approver">The handle of the member who may do so beside every admin; empty is nobody, null leaves it.</param>
/// <param name="Tracking">Whether readers are asked if their opens and clicks may be counted; null leaves it. Nobody is counted unasked.</param>
public sealed record ListChange(
    string? Title = null, string? Description = null, string? PostalAddress = null, string? ConsentText = null, string? Language = null, string? Fields = null, bool? Archive = null, bool? SignUps = null, bool? Approval = null, string? Approver = null, bool? Tracking = null);

public sealed record ListPage(
    long Id, string Handle, string Name, string Title, string Description, string FromName, string FromEmail, string PostalAddress, string ConsentText,
    string Language, bool FromApproved, DateTime CreatedAt, int Confirmed, int Pending, int Left, int Bounced, Uri Url,
    string Fields = "", DateTime? ArchiveClosedAt = null, DateTime? FormClosedAt = null,
    DateTime? ApprovalWantedAt = null, string? Approver = null, DateTime? TrackingOfferedAt = null);

/// <summary>The newsletter lists of a member. A foreign list is not there.</summary>
public sealed class Lists(PanelDb db, Members.Members members, SenderDomains senders, AuditTrail audit, TimeProvider time, Microsoft.Extensions.Options.IOptions<PanelOptions> panel)
{
    public static readonly string DefaultConsent = Phrases.Key("I want to get this newsletter by e-mail. I can leave at any time with one click.");

    public async Task<Outcome<ListPage>> AddAsync(Actor by, string handle, NewList wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (!member.IsActive)
        {
            return new InTheWay($"{handle} is {member.Status}: nothing can be added.");
        }

        if (Handles.CheckName(wanted.Name) is { } badName)
        {
            return badName;
        }

        if (ListWords.Check(wanted.Title, wanted.Description, wanted.PostalAddress) is { } badWords)
        {
            return badWords;
        }

        if (Sender.Parse(wanted.From) is not { } from)
        {
            return new Refusal("The sender looks like this: Ann Artist <letters@annart.example>.", "from");
        }

        if (await db.Set<MailingList>().AnyAsync(l => l.MemberId == member.Id && l.Name == wanted.Name, ct))
        {
            return new Refusal($"There is a list {wanted.Name} already. The name of a removed list stays taken, because old leave links still lead to it.", "name");
        }

        var package = await db.Set<Package>().SingleAsync(p => p.Id == member.PackageId, ct);
        if (await db.Set<MailingList>().CountAsync(l => l.MemberId == member.Id && l.RemovedAt == null, ct) >= package.Lists)
        {
            return new InTheWay($"The package {package.Name} has room for {package.Lists} lists. Ask an admin for a bigger one.");
        }

        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(ct) : null;
        if (await senders.EnsureAsync(by, member, from.Address.Domain, ct) is { } no)
        {
            return no;
        }

        db.Add(new MailingList
        {
            MemberId = member.Id,
            Name = wanted.Name,
            Title = wanted.Title.Trim(),
            Description = wanted.Description?.Trim() ?? "",
            FromName = from.Name,
            FromEmail = from.Address.Typed,
            PostalAddress = wanted.PostalAddress?.Trim() ?? "",
            Language = Phrases.LanguageOf(wanted.Language),
            ConsentText = Phrases.In(wanted.Language)[DefaultConsent],
            CreatedAt = time.GetUtcNow().UtcDateTime,
        });
        audit.Add(by, member.Id, "list.add", wanted.Name, ("title", null, wanted.Title), ("from", null, wanted.From));
        await db.SaveChangesAsync(ct);
        if (transaction is not null)
        {
            await transaction.CommitAsync(ct);
        }

        return await ShowAsync(by, handle, wanted.Name, ct);
    }

    public async Task<Outcome<ListPage>> UpdateAsync(Actor by, string handle, string name, ListChange change, CancellationToken ct)
    {
        if (await FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        var words = (
            Title: change.Title ?? list.Title, Description: change.Description ?? list.Description, PostalAddress: change.PostalAddress ?? list.PostalAddress,
            ConsentText: change.ConsentText ?? list.ConsentText);
        if (ListWords.Check(words.Title, words.Description, words.PostalAddress, words.ConsentText) is { } no)
        {
            return no;
        }

        if (ListWords.CheckFields(change.Fields) is { } badField)
        {
            return badField;
        }

        var (approver, was) = (list.ApproverId, list.ApproverId);
        if (change.Approver is { } wanted)
        {
            var handleOf = wanted.Trim();
            approver = handleOf.Length == 0 ? null : await db.Users.Where(m => m.UserName == handleOf && m.RemovedAt == null && m.Id != list.MemberId).Select(m => (long?)m.Id).SingleOrDefaultAsync(ct);
            if (handleOf.Length > 0 && approver is null)
            {
                return new Refusal($"There is no other member {handleOf} who could approve.", "approver");
            }
        }

        var now = time.GetUtcNow().UtcDateTime;
        var (language, consent) = (change.Language is null ? list.Language : Phrases.LanguageOf(change.Language), words.ConsentText.Trim());
        if (language != list.Language && consent == Phrases.In(list.Language)[DefaultConsent])
        {
            consent = Phrases.In(language)[DefaultConsent];
        }

        audit.Add(by, list.MemberId, "list.update", name,
            ("title", list.Title, words.Title), ("description", list.Description, words.Description),
            ("postalAddress", list.PostalAddress, words.PostalAddress), ("consentText", list.ConsentText, consent),
            ("language", list.Language, language), ("fields", list.Fields, ListWords.Fields(change.Fields ?? list.Fields)),
            ("archive", Open(list.ArchiveClosedAt), change.Archive is { } a ? Open(a ? null : now) : Open(list.ArchiveClosedAt)),
            ("signUps", Open(list.FormClosedAt), change.SignUps is { } f ? Open(f ? null : now) : Open(list.FormClosedAt)),
            ("approval", list.ApprovalWantedAt is null ? "no" : "yes", change.Approval ?? list.ApprovalWantedAt is not null ? "yes" : "no"), ("approver", $"{was}", $"{approver}"),
            ("tracking", list.TrackingOfferedAt is null ? "no" : "asked", change.Tracking ?? list.TrackingOfferedAt is not null ? "asked" : "no"));
        list.ApproverId = approver;
        list.ApprovalWantedAt = change.Approval is { } approval ? (approval ? list.ApprovalWantedAt ?? now : null) : list.ApprovalWantedAt;
        list.TrackingOfferedAt = change.Tracking is { } tracking ? (tracking ? list.TrackingOfferedAt ?? now : null) : list.TrackingOfferedAt;
        (list.Title, list.Description, list.PostalAddress, list.ConsentText) = (words.Title.Trim(), words.Description.Trim(), words.PostalAddress.Trim(), consent);
        (list.Language, list.Fields) = (language, ListWords.Fields(change.Fields ?? list.Fields));
        list.ArchiveClosedAt = change.Archive is { } archive ? (archive ? null : list.ArchiveClosedAt ?? now) : list.ArchiveClosedAt;
        list.FormClosedAt = change.SignUps is { } signUps ? (signUps ? null : list.FormClosedAt ?? now) : list.FormClosedAt;
        await db.SaveChangesAsync(ct);
        return await ShowAsync(by, handle, name, ct);
    }

    public async Task<Outcome<IReadOnlyList<ListPage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member
            ? await Pages(l => l.MemberId == member.Id).ToListAsync(ct)
            : new NotThere($"member {handle}");

    public async Task<Outcome<ListPage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct) =>
        await FindAsync(by, handle, name, ct) is { } list
            ? await Pages(l => l.Id == list.Id).SingleAsync(ct)
            : new NotThere($"list {handle}/{name}");

    /// <summary>The list if <paramref name="by"/> may act for its member; the way every front door of this capability loads one.</summary>
    public async Task<MailingList?> FindAsync(Actor by, string handle, string name, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member
            ? await db.Set<MailingList>().SingleOrDefaultAsync(l => l.MemberId == member.Id && l.Name == name && l.RemovedAt == null, ct)
            : null;

    private IQueryable<ListPage> Pages(System.Linq.Expressions.Expression<Func<MailingList, bool>> which)
    {
        var address = panel.Value.PublicUri;
        return db.Set<MailingList>().AsNoTracking().Where(which).Where(l => l.RemovedAt == null).OrderBy(l => l.Name)
            .Select(l => new
            {
                List = l,
                Handle = db.Users.Where(m => m.Id == l.MemberId).Select(m => m.UserName!).Single(),
                Approved = db.Set<SenderDomain>().Any(d => d.MemberId == l.MemberId && d.ApprovedAt != null && l.FromEmail.EndsWith("@" + d.Domain)),
                Confirmed = db.Set<Subscriber>().Count(s => s.ListId == l.Id && s.State == SubscriberState.Confirmed),
                Pending = db.Set<Subscriber>().Count(s => s.ListId == l.Id && s.State == SubscriberState.Pending),
                Left = db.Set<Subscriber>().Count(s => s.ListId == l.Id && s.State == SubscriberState.Left),
                Bounced = db.Set<Subscriber>().Count(s => s.ListId == l.Id && (s.State == SubscriberState.Bounced || s.State == SubscriberState.Complained)),
            })
            .Select(r => new ListPage(
                r.List.Id, r.Handle, r.List.Name, r.List.Title, r.List.Description, r.List.FromName, r.List.FromEmail, r.List.PostalAddress, r.List.ConsentText,
                r.List.Language, r.Approved, r.List.CreatedAt, r.Confirmed, r.Pending, r.Left, r.Bounced, new Uri(address, $"/lists/{r.Handle}/{r.List.Name}"),
                r.List.Fields, r.List.ArchiveClosedAt, r.List.FormClosedAt, r.List.ApprovalWantedAt,
                db.Users.Where(m => m.Id == r.List.ApproverId).Select(m => m.UserName).SingleOrDefault(), r.List.TrackingOfferedAt));
    }

    private static string Open(DateTime? closedAt) => closedAt is null ? "open" : "closed";
}
