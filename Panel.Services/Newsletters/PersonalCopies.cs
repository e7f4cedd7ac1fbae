using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Newsletters.Importing;

namespace Panel.Services.Newsletters;

public sealed record KeptConsent(string Form, string Text, DateTime GivenAt, DateTime? ConfirmedAt, string? Network);

public sealed record KeptDelivery(long Issue, string Subject, string State, DateTime At, int? Code, string? Reply, string? Reason);

/// <summary>Everything that is kept about one person on one list (GDPR Art. 15 and 20).</summary>
public sealed record PersonalCopy(
    string List, string Sender, string Email, string Name, IReadOnlyDictionary<string, string> Fields, string State, DateTime JoinedAt, DateTime? ConsentAt, DateTime ChangedAt,
    DateTime? PausedUntil, IReadOnlyList<KeptConsent> Consents, IReadOnlyList<KeptDelivery> Deliveries)
{
    /// <summary>What came back for the person.</summary>
    public IReadOnlyList<KeptReturn> Returned { get; init; } = [];

    /// <summary>Opens and clicks, of who agreed to have them counted.</summary>
    public IReadOnlyList<KeptTrack> Tracked { get; init; } = [];
}

public sealed record KeptReturn(long? Issue, string Kind, string? Status, string Words, DateTime At);

/// <param name="Link">The number of the link in the issue; null for an open.</param>
public sealed record KeptTrack(long Issue, int? Link, DateTime At);

public sealed record PersonalCopyPage(string Title, string FromName, string Language, string Email, bool IsErased);

/// <summary>What is kept about a reader, to take away or to erase; by a link that went to the reader's own mailbox and holds
/// for seven days (rules L4, V13).</summary>
public sealed class PersonalCopies(PanelDb db, HouseKeys keys, ReaderTokens tokens, TimeProvider time)
{
    private const int LinkDays = 7;

    internal static long DayOf(DateTime at) => at.Ticks / TimeSpan.TicksPerDay;

    public async Task<Outcome<PersonalCopyPage>> LookAsync(string token, CancellationToken ct) =>
        await OfAsync(token, ct) is { } found ? new PersonalCopyPage(found.List.Title, found.List.FromName, found.List.Language, found.Person.Email, false) : Unknown;

    public async Task<Outcome<PersonalCopy>> ReadAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        var (p, list) = found;
        var consents = await db.Set<Consent>().AsNoTracking().Where(c => c.SubscriberId == p.Id).OrderBy(c => c.Id)
            .Select(c => new KeptConsent(c.Form, c.Text, c.GivenAt, c.ConfirmedAt, c.Network)).ToListAsync(ct);
        if (p.ImportId is { } file)
        {
            consents.AddRange(await db.Set<Import>().AsNoTracking().Where(i => i.Id == file)
                .Select(i => new KeptConsent("import", i.Consent, i.StartedAt ?? i.CreatedAt, i.StartedAt ?? i.CreatedAt, null)).ToListAsync(ct));
        }

        var deliveries = await db.Set<Delivery>().AsNoTracking().Where(d => d.SubscriberId == p.Id).OrderBy(d => d.IssueId)
            .Join(db.Set<Issue>(), d => d.IssueId, i => i.Id, (d, i) => new KeptDelivery(i.Id, i.Subject, d.State.ToString(), d.At, d.Code, d.Reply, d.Reason)).ToListAsync(ct);
        var returned = await db.Set<Returning.ReturnedRow>().AsNoTracking().Where(r => r.SubscriberId == p.Id).OrderBy(r => r.Id)
            .Select(r => new KeptReturn(r.IssueId, r.Kind.ToString(), r.Status, r.Words, r.ReceivedAt)).ToListAsync(ct);
        var opens = await db.Set<Tracking.Opening>().AsNoTracking().Where(o => o.SubscriberId == p.Id).Select(o => new KeptTrack(o.IssueId, null, o.At)).ToListAsync(ct);
        var clicks = await db.Set<Tracking.Click>().AsNoTracking().Where(c => c.SubscriberId == p.Id).Select(c => new KeptTrack(c.IssueId, c.Link, c.At)).ToListAsync(ct);
        return new PersonalCopy(
            list.Title, $"{list.FromName} <{list.FromEmail}>", p.Email, p.Name, SubscriberFields.Read(p.Fields), p.State.ToString().ToLowerInvariant(), p.JoinedAt, p.ConsentAt,
            p.ChangedAt, p.PausedUntil, consents, deliveries.ConvertAll(d => d with { State = d.State.ToLowerInvariant() }))
        {
            Returned = returned.ConvertAll(r => r with { Kind = r.Kind.ToLowerInvariant() }),
            Tracked = [.. opens, .. clicks],
        };
    }

    /// <summary>Removes the person. A keyed hash stays, so that no import brings the address back; signing up again does.</summary>
    public async Task<Outcome<PersonalCopyPage>> EraseAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        var (person, list) = found;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await Erasure.RunAsync(db, keys, list, person, time.GetUtcNow().UtcDateTime, ct);
        await transaction.CommitAsync(ct);
        return new PersonalCopyPage(list.Title, list.FromName, list.Language, person.Email, true);
    }

    private static NotThere Unknown => new("such link. It may be cut off, or older than seven days; ask for a new one on your preferences page");

    private async Task<(Subscriber Person, MailingList List)?> OfAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Export, token) is not { } reader || DayOf(time.GetUtcNow().UtcDateTime) - reader.IssueId is < 0 or > LinkDays)
        {
            return null;
        }

        var person = await db.Set<Subscriber>().AsNoTracking().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct);
        var list = person is null ? null : await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(l => l.Id == person.ListId, ct);
        return list is null ? null : (person!, list);
    }
}

/// <summary>Takes a person out of every table; the count of an issue's recipients stays whole.</summary>
internal static class Erasure
{
    public static async Task RunAsync(PanelDb db, HouseKeys keys, MailingList list, Subscriber person, DateTime now, CancellationToken ct)
    {
        var hash = keys.Hash("email", person.EmailKey);
        if (!await db.Set<Suppression>().AnyAsync(s => s.EmailHash == hash && s.MemberId == list.MemberId && s.ListId == list.Id, ct))
        {
            db.Add(new Suppression { EmailHash = hash, ListId = list.Id, MemberId = list.MemberId, Reason = "erased", At = now });
            await db.SaveChangesAsync(ct);
        }

        // What servers say often names the address.
        await db.Set<Delivery>().Where(d => d.SubscriberId == person.Id).ExecuteUpdateAsync(set => set.SetProperty(d => d.Reply, (string?)null), ct);
        await db.Set<Returning.ReturnedRow>().Where(r => r.SubscriberId == person.Id).ExecuteDeleteAsync(ct);
        await Tracking.Tracks.ForgetAsync(db, person.Id, ct);
        await db.Set<Letter>().Where(l => l.ListId == list.Id && l.Email == person.Email).ExecuteDeleteAsync(ct);
        await db.Set<Consent>().Where(c => c.SubscriberId == person.Id).ExecuteDeleteAsync(ct);
        await db.Set<Subscriber>().Where(s => s.Id == person.Id).ExecuteDeleteAsync(ct);
    }
}
