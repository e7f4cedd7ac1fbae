using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Localization;

namespace Panel.Services.Newsletters;

/// <summary>What a visitor sees of a list.</summary>
public sealed record PublicList(
    string Handle, string Name, string Title, string Description, string FromName, string ConsentText, string Language, bool TakesSignUps = true, bool ShowsIssues = true);

public sealed record Confirmation(PublicList List, string Email, bool IsConfirmed, bool IsRefused = false);

/// <summary>How people come onto a list: always double opt-in, one guard for every form (rules S1-S7), and the same answer and
/// the same work whether an address is new, known or suppressed (S4).</summary>
public sealed class SignUps(
    PanelDb db, HouseKeys keys, ReaderTokens tokens, Letters letters, SignUpGuard guard, SignUpFloods floods, TimeProvider time, IOptions<PanelOptions> panel)
{
    private const int PerDay = 3;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan LinkLife = TimeSpan.FromDays(7);

    public async Task<Outcome<PublicList>> ShowAsync(string handle, string name, CancellationToken ct) =>
        await FindAsync(db, handle, name, ct) is { } found ? found.Page : new NotThere("such list");

    /// <summary>Asks for a confirmation mail. The answer says the same for every address that can be mailed at all.</summary>
    public async Task<Outcome<PublicList>> RequestAsync(string handle, string name, SignUpAsk ask, CancellationToken ct)
    {
        if (await FindAsync(db, handle, name, ct) is not { } found)
        {
            return new NotThere("such list");
        }

        var words = Phrases.In(found.List.Language);
        if (EmailAddress.Parse(ask.Email) is not { } address)
        {
            return new Refusal(words["That is not a complete e-mail address. It looks like mira@example.net."], "email");
        }

        if (found.List.FormClosedAt is not null)
        {
            return new InTheWay(words["Nobody can sign up here at the moment. Please try again in some days."]);
        }

        if (guard.Check(ask, address) is { } no)
        {
            return new InTheWay(words[no.Message]);
        }

        if (SignUpGuard.IsProgram(ask))
        {
            return found.Page; // The usual answer, and no mail.
        }

        await floods.MarkAsync(found.List, ct);
        await AskAsync(found.List, address, ask, ct);
        letters.Wake();
        return found.Page;
    }

    /// <summary>What the link in a confirmation mail shows; changes nothing, so that link scanners change nothing (S5).</summary>
    public async Task<Outcome<Confirmation>> LookAsync(string token, CancellationToken ct) =>
        await OfAsync(token, ct) is { } found ? new Confirmation(found.List, found.Person.Email, found.Person.State == SubscriberState.Confirmed) : Unknown;

    /// <summary>Completes a sign-up. A second time is friendly and changes nothing.</summary>
    public async Task<Outcome<Confirmation>> ConfirmAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        if (found.Person.State != SubscriberState.Confirmed)
        {
            var now = time.GetUtcNow().UtcDateTime;
            var hash = keys.Hash("email", found.Person.EmailKey);
            (found.Person.State, found.Person.ConsentAt, found.Person.ChangedAt, found.Consent.ConfirmedAt) = (SubscriberState.Confirmed, now, now, now);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var member = await db.Set<MailingList>().Where(l => l.Id == found.Person.ListId).Select(l => l.MemberId).SingleAsync(ct);
            await db.Set<Suppression>().Where(s => s.EmailHash == hash && s.MemberId == member && (s.ListId == found.Person.ListId || s.ListId == null) && Suppression.OwnChoice.Contains(s.Reason))
                .ExecuteDeleteAsync(ct);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return new Confirmation(found.List, found.Person.Email, true);
    }

    /// <summary>"It was not me": the address is locked for this list, until its owner's admin says otherwise (S6).</summary>
    public async Task<Outcome<Confirmation>> RefuseAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found || found.Person.State == SubscriberState.Confirmed)
        {
            return Unknown;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var member = await db.Set<MailingList>().Where(l => l.Id == found.Person.ListId).Select(l => l.MemberId).SingleAsync(ct);
        (found.Person.State, found.Person.ChangedAt) = (SubscriberState.Left, now);
        db.Add(new Suppression { EmailHash = keys.Hash("email", found.Person.EmailKey), ListId = found.Person.ListId, MemberId = member, Reason = "not me", At = now });
        await db.SaveChangesAsync(ct);
        return new Confirmation(found.List, found.Person.Email, false, IsRefused: true);
    }

    internal static async Task<(MailingList List, PublicList Page)?> FindAsync(PanelDb db, string handle, string name, CancellationToken ct)
    {
        var list = await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(
            l => l.Name == name && l.RemovedAt == null && db.Users.Any(m => m.Id == l.MemberId && m.UserName == handle && m.SuspendedAt == null && m.RemovedAt == null), ct);
        return list is null ? null : (list, PageOf(list, handle));
    }

    private static NotThere Unknown => new("such link. It may be cut off, or older than seven days");

    // The same statements run for everybody; whether they find something to do is decided in their conditions.
    private async Task AskAsync(MailingList list, EmailAddress address, SignUpAsk ask, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (key, listId) = (address.Key, list.Id);
        var (hash, limit) = (keys.Hash("email", key), keys.Hash("email-limit", address.LimitKey));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var state = await db.Set<Subscriber>().Where(s => s.ListId == listId && s.EmailKey == key).Select(s => (SubscriberState?)s.State).SingleOrDefaultAsync(ct);
        var blocked = await db.Set<Suppression>().AnyAsync(
            s => s.EmailHash == hash && s.MemberId == list.MemberId && (s.ListId == null || s.ListId == listId) && !Suppression.OwnChoice.Contains(s.Reason), ct);
        var recent = await db.Set<Letter>().Where(l => l.EmailHash == limit && l.Kind == Letter.Confirm && l.CreatedAt > now - Day).Select(l => l.ListId).ToListAsync(ct);
        var wanted = !blocked && state is not (SubscriberState.Confirmed or SubscriberState.Paused) && !recent.Contains(listId) && recent.Count < PerDay;
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO subscribers (list_id, email, email_key, domain, name, state, joined_at, changed_at, fields)
            SELECT {listId}, {address.Typed}, {key}, {address.Domain}, '', 'Pending', {now}, {now}, '' WHERE {wanted} ON CONFLICT DO NOTHING
            """, ct);
        var id = await db.Set<Subscriber>().Where(s => s.ListId == listId && s.EmailKey == key).Select(s => s.Id).SingleOrDefaultAsync(ct);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO consents (subscriber_id, form, "text", given_at, network)
            SELECT {id}, {ask.Form}, {list.ConsentText}, {now}, {SignUpGuard.NetworkWords(ask.From)} WHERE {wanted}
            """, ct);
        var link = new Uri(panel.Value.PublicUri, $"/c/{tokens.Make(TokenPurpose.Confirm, new Reader(listId, id, 0))}");
        var mail = ReaderLetters.Confirm(list, link);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO letters (kind, list_id, email, email_hash, subject, "text", created_at, next_at, tries)
            SELECT {Letter.Confirm}, {listId}, {address.Typed}, {limit}, {mail.Subject}, {mail.Text}, {now}, {now}, 0 WHERE {wanted}
            """, ct);
        await transaction.CommitAsync(ct);
    }

    private async Task<(Subscriber Person, Consent Consent, PublicList List)?> OfAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Confirm, token) is not { } reader)
        {
            return null;
        }

        var since = time.GetUtcNow().UtcDateTime - LinkLife;
        var person = await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct);
        var consent = person is null ? null : await db.Set<Consent>()
            .Where(c => c.SubscriberId == person.Id && c.GivenAt > since).OrderByDescending(c => c.Id).FirstOrDefaultAsync(ct);
        var open = consent is not null && (person!.State is SubscriberState.Confirmed || consent.ConfirmedAt is null);
        return open && await PageOfAsync(reader.ListId, ct) is { } list ? (person!, consent!, list) : null;
    }

    private async Task<PublicList?> PageOfAsync(long listId, CancellationToken ct)
    {
        var list = await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(l => l.Id == listId && l.RemovedAt == null, ct);
        return list is null ? null : PageOf(list, await db.Users.Where(m => m.Id == list.MemberId).Select(m => m.UserName!).SingleAsync(ct));
    }

    private static PublicList PageOf(MailingList list, string handle) =>
        new(handle, list.Name, list.Title, list.Description, list.FromName, list.ConsentText, list.Language, list.FormClosedAt is null, list.ArchiveClosedAt is null);
}
