using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Segmenting;

/// <summary>Reads a list through a rule. One pass over the people, a page at a time; the same reading on every database.</summary>
public sealed class Audiences(PanelDb db, TimeProvider time)
{
    private const int Page = 5_000;

    /// <summary>How many confirmed people of the list the rule holds for; without a rule, all of them.</summary>
    internal async Task<int> PeopleAsync(MailingList list, string rule, CancellationToken ct)
    {
        var confirmed = db.Set<Subscriber>().Where(s => s.ListId == list.Id && s.State == SubscriberState.Confirmed);
        if (rule.Length == 0)
        {
            return await confirmed.CountAsync(ct);
        }

        var count = 0;
        await foreach (var _ in WithinAsync(list, rule, confirmed, ct))
        {
            count++;
        }

        return count;
    }

    /// <summary>The ids of those of <paramref name="people"/> for whom the rule holds, in order.</summary>
    internal async IAsyncEnumerable<long> WithinAsync(
        MailingList list, string rule, IQueryable<Subscriber> people, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        if (SegmentRule.Read(rule) is not { Value: { } holds })
        {
            yield break; // Rules are checked before they are kept; one of a later house fits nobody.
        }

        var opens = holds.AsksForOpens ? await OpensAsync(list.Id, ct) : [];
        var (now, after) = (time.GetUtcNow().UtcDateTime, 0L);
        while (true)
        {
            var page = await people.AsNoTracking().Where(s => s.Id > after).OrderBy(s => s.Id).Take(Page)
                .Select(s => new SegmentPerson(s.Id, s.State, s.Email, s.Name, s.Fields, s.JoinedAt)).ToListAsync(ct);
            foreach (var person in page)
            {
                if (holds.Holds(person with { ListLanguage = list.Language, Now = now, OpenedAt = opens.TryGetValue(person.Id, out var at) ? at : null }))
                {
                    yield return person.Id;
                }
            }

            if (page.Count < Page)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    private Task<Dictionary<long, DateTime>> OpensAsync(long listId, CancellationToken ct) => db.Set<Tracking.Opening>()
        .Where(o => db.Set<Issue>().Any(i => i.Id == o.IssueId && i.ListId == listId))
        .GroupBy(o => o.SubscriberId).Select(g => new { g.Key, At = g.Max(o => o.At) }).ToDictionaryAsync(g => g.Key, g => g.At, ct);
}
