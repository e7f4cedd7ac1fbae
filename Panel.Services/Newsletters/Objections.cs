using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <summary>Leaving every list of one sender at once, also those to come (GDPR Art. 21(2)-(3), rule L3); by the leave token of any of them.</summary>
public sealed class Objections(PanelDb db, HouseKeys keys, ReaderTokens tokens, Departures departures, TimeProvider time)
{
    /// <summary>Done before the answer is sent. Signing up again on a list's page takes it back for that list.</summary>
    public async Task<Outcome<Departure>> ObjectAsync(string token, CancellationToken ct)
    {
        var reader = tokens.Read(TokenPurpose.Leave, token);
        var person = reader is { } r ? await db.Set<Subscriber>().AsNoTracking().SingleOrDefaultAsync(s => s.Id == r.SubscriberId && s.ListId == r.ListId, ct) : null;
        if (person is not null)
        {
            var now = time.GetUtcNow().UtcDateTime;
            var member = await db.Set<MailingList>().Where(l => l.Id == person.ListId).Select(l => l.MemberId).SingleAsync(ct);
            var lists = await db.Set<MailingList>().Where(l => l.MemberId == member).Select(l => l.Id).ToListAsync(ct);
            var hash = keys.Hash("email", person.EmailKey);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Set<Subscriber>().Where(s => lists.Contains(s.ListId) && s.EmailKey == person.EmailKey && (s.State == SubscriberState.Pending || s.State == SubscriberState.Confirmed || s.State == SubscriberState.Paused))
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.State, SubscriberState.Left).SetProperty(s => s.ChangedAt, now), ct);
            var known = await db.Set<Suppression>().Where(s => s.EmailHash == hash && s.MemberId == member).Select(s => s.ListId).ToListAsync(ct);
            db.AddRange(lists.Select(l => (long?)l).Append(null).Where(l => !known.Contains(l))
                .Select(l => new Suppression { EmailHash = hash, ListId = l, MemberId = member, Reason = "left", At = now }));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return await departures.LookAsync(token, ct);
    }
}
