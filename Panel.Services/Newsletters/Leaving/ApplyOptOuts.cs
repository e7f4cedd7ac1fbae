using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Leaving;

/// <summary>Brings leaves into the database, many in one transaction. Safe to repeat: who has left stays so, and a leave that is
/// older than a later consent changes nothing.</summary>
internal sealed class ApplyOptOuts(PanelDb db, HouseKeys keys, TimeProvider time)
{
    /// <summary>The page of everybody who is still there, by list and person.</summary>
    public async Task<Dictionary<(long List, long Person), Departure>> ApplyAsync(IReadOnlyList<OptOut> leaves, CancellationToken ct)
    {
        var wanted = leaves.Select(l => l.Reader.SubscriberId).Distinct().ToList();
        var people = (await db.Set<Subscriber>().Where(s => wanted.Contains(s.Id)).ToListAsync(ct)).ToDictionary(p => p.Id);
        var listIds = people.Values.Select(p => p.ListId).Distinct().ToList();
        var lists = await db.Set<MailingList>().AsNoTracking().Where(l => listIds.Contains(l.Id)).ToDictionaryAsync(l => l.Id, ct);
        var now = time.GetUtcNow().UtcDateTime;
        var pages = new Dictionary<(long, long), Departure>();
        foreach (var leave in leaves)
        {
            if (people.TryGetValue(leave.Reader.SubscriberId, out var person) && person.ListId == leave.Reader.ListId && lists.TryGetValue(person.ListId, out var list))
            {
                Leave(person, list, leave.At, now);
                pages[(list.Id, person.Id)] = Departure.Of(person, list, now);
            }
        }

        await db.SaveChangesAsync(ct);
        return pages;
    }

    private void Leave(Subscriber person, MailingList list, DateTime at, DateTime now)
    {
        if (person.State is not (SubscriberState.Pending or SubscriberState.Confirmed or SubscriberState.Paused) || person.ConsentAt > at)
        {
            return;
        }

        (person.State, person.ChangedAt) = (SubscriberState.Left, now);
        db.Add(new Suppression { EmailHash = keys.Hash("email", person.EmailKey), ListId = list.Id, MemberId = list.MemberId, Reason = "left", At = now });
    }
}
