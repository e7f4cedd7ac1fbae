using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Newsletters.Leaving;

namespace Panel.Services.Newsletters;

/// <summary>What the leave page shows: which address leaves which list, and where it stands.</summary>
public sealed record Departure(string Title, string FromName, string Email, string Language, bool HasLeft, bool MayReturn, string? Preferences = null)
{
    /// <summary>How long a leave can be undone on its page; later, the sign-up form is the way back.</summary>
    private static readonly TimeSpan Undo = TimeSpan.FromDays(1);

    /// <summary>What is shown while the database is away, or to a person who was erased: true, and without a name.</summary>
    internal static Departure Nameless(bool hasLeft) => new("this newsletter", "its sender", "Your address", "en", hasLeft, false);

    internal static Departure Of(Subscriber person, MailingList list, DateTime now) => new(
        list.Title, list.FromName, person.Email, list.Language, person.State == SubscriberState.Left,
        person is { State: SubscriberState.Left, ConsentAt: not null } && now - person.ChangedAt < Undo);
}

/// <summary>A leave that could be kept nowhere right now (503): the asker's mail program tries again.</summary>
public sealed record NotNow() : Refusal("This could not be saved just now. Please press the button again in a minute.");

/// <summary>Leaving a list: by a token that proves itself, without login, cookie or database look-up of secrets; for ever,
/// as often as one likes (rules U1-U8). A mere look changes nothing.</summary>
public sealed class Departures(PanelDb db, HouseKeys keys, ReaderTokens tokens, OptOuts optOuts, TimeProvider time)
{
    public async Task<Outcome<Departure>> LookAsync(string token, CancellationToken ct)
    {
        try
        {
            return await OfAsync(token, ct) is { } found ? PageOf(found.Person, found.List) : Unknown;
        }
        catch (Exception away) when (OptOuts.IsAway(away) && tokens.Read(TokenPurpose.Leave, token) is not null)
        {
            return Departure.Nameless(hasLeft: false);
        }
    }

    /// <summary>Done before the answer is sent, also for a person already gone and while the database is away; an issue in flight
    /// checks it at hand-over.</summary>
    public async Task<Outcome<Departure>> LeaveAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Leave, token) is not { } reader)
        {
            return Unknown;
        }

        var answer = await optOuts.LeaveAsync(new OptOut(token.ToLowerInvariant(), reader, time.GetUtcNow().UtcDateTime)).WaitAsync(ct);
        return answer.Fate == OptOutFate.Lost ? new NotNow() : answer.Page ?? Departure.Nameless(hasLeft: true);
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
            await optOuts.SettleAsync();
            if (!PageOf(found.Person, found.List).MayReturn)
            {
                return new InTheWay("The time to take it back is over. Sign up again on the list's page.");
            }

            var hash = keys.Hash("email", found.Person.EmailKey);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Set<Suppression>().Where(s => s.EmailHash == hash && s.ListId == found.List.Id && Suppression.OwnChoice.Contains(s.Reason)).ExecuteDeleteAsync(ct);
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

    private Departure PageOf(Subscriber person, MailingList list) => Departure.Of(person, list, time.GetUtcNow().UtcDateTime) with
    {
        Preferences = list.RemovedAt is null ? tokens.Make(TokenPurpose.Preferences, new Reader(list.Id, person.Id, 0)) : null,
    };
}
