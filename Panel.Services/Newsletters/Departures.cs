using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <summary>What the leave page shows: which address leaves which list, and where it stands.</summary>
public sealed record Departure(string Title, string FromName, string Email, string Language, bool HasLeft, bool MayReturn);

/// <summary>Leaving a list: by a token that proves itself, without login, cookie or database look-up of secrets; for ever,
/// as often as one likes (rules U1-U8). A mere look changes nothing.</summary>
public sealed class Departures(PanelDb db, HouseKeys keys, ReaderTokens tokens, TimeProvider time)
{
    /// <summary>How long a leave can be undone on its page; later, the sign-up form is the way back.</summary>
    private static readonly TimeSpan Undo = TimeSpan.FromDays(1);

    public async Task<Outcome<Departure>> LookAsync(string token, CancellationToken ct) =>
        await OfAsync(token, ct) is { } found ? PageOf(found.Person, found.List) : Unknown;

    /// <summary>Done before the answer is sent, also for a person already gone; an issue in flight checks it at hand-over.</summary>
    public async Task<Outcome<Departure>> LeaveAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        if (found.Person.State is SubscriberState.Pending or SubscriberState.Confirmed or SubscriberState.Paused)
        {
            var now = time.GetUtcNow().UtcDateTime;
            (found.Person.State, found.Person.ChangedAt) = (SubscriberState.Left, now);
            db.Add(new Suppression
            {
                EmailHash = keys.Hash("email", found.Person.EmailKey),
                ListId = found.List.Id,
                MemberId = found.List.MemberId,
                Reason = "left",
                At = now,
            });
            await db.SaveChangesAsync(ct);
        }

        return PageOf(found.Person, found.List);
    }

    /// <summary>Takes a leave back within a day; only for somebody who had consented before.</summary>
    public async Task<Outcome<Departure>> ReturnAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        if (found.Person.State == SubscriberState.Left)
        {
            if (!MayReturn(found.Person))
            {
                return new InTheWay("The time to take it back is over. Sign up again on the list's page.");
            }

            var hash = keys.Hash("email", found.Person.EmailKey);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Set<Suppression>().Where(s => s.EmailHash == hash && s.ListId == found.List.Id && s.Reason == "left").ExecuteDeleteAsync(ct);
            (found.Person.State, found.Person.ChangedAt) = (SubscriberState.Confirmed, time.GetUtcNow().UtcDateTime);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return PageOf(found.Person, found.List);
    }

    private static NotThere Unknown => new("such link. Open it again from the mail: every letter of it counts");

    private async Task<(Subscriber Person, MailingList List)?> OfAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Leave, token) is not { } reader)
        {
            return null;
        }

        var person = await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct);
        var list = person is null ? null : await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(l => l.Id == person.ListId, ct);
        return list is null ? null : (person!, list);
    }

    private bool MayReturn(Subscriber person) =>
        person is { State: SubscriberState.Left, ConsentAt: not null } && time.GetUtcNow().UtcDateTime - person.ChangedAt < Undo;

    private Departure PageOf(Subscriber person, MailingList list) =>
        new(list.Title, list.FromName, person.Email, list.Language, person.State == SubscriberState.Left, MayReturn(person));
}
