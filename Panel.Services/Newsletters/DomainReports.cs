using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <param name="Words">What this domain's servers said most to those who were put off or refused, with how often.</param>
public sealed record DomainReport(string Domain, int Recipients, int Sent, int Deferred, int Failed, int Unknown, int Skipped, int Queued, IReadOnlyList<ServerWords> Words);

public sealed record ServerWords(int? Code, string? Enhanced, string Reply, int Count);

/// <summary>How an issue fared at each receiving domain: the same ledger as the report, so the same sum.</summary>
public sealed class DomainReports(PanelDb db, Issues issues)
{
    private const int Shown = 50;

    public async Task<Outcome<IReadOnlyList<DomainReport>>> ShowAsync(Actor by, long id, CancellationToken ct)
    {
        if (await issues.FindAsync(by, id, ct) is null)
        {
            return new NotThere($"issue {id}");
        }

        var rows = db.Set<Delivery>().AsNoTracking().Where(d => d.IssueId == id)
            .LeftJoin(db.Set<Subscriber>(), d => d.SubscriberId, s => s.Id, (d, s) => new { d.State, d.Code, d.Enhanced, d.Reply, Domain = s == null ? "" : s.Domain });
        var counts = await rows.GroupBy(r => new { r.Domain, r.State }).Select(g => new { g.Key.Domain, g.Key.State, Count = g.Count() }).ToListAsync(ct);
        var words = await rows.Where(r => r.Reply != null && r.State != DeliveryState.Sent).GroupBy(r => new { r.Domain, r.Code, r.Enhanced })
            .Select(g => new { g.Key.Domain, g.Key.Code, g.Key.Enhanced, Reply = g.Min(r => r.Reply), Count = g.Count() }).ToListAsync(ct);
        var said = words.GroupBy(w => w.Domain).ToDictionary(g => g.Key, g => g.OrderByDescending(w => w.Count).Take(3).Select(w => new ServerWords(w.Code, w.Enhanced, w.Reply!, w.Count)).ToList());
        return Outcome.Of<IReadOnlyList<DomainReport>>([.. counts.GroupBy(c => c.Domain).Select(g =>
        {
            int Of(params DeliveryState[] states) => g.Where(c => states.Contains(c.State)).Sum(c => c.Count);
            return new DomainReport(
                g.Key.Length == 0 ? "(erased)" : g.Key, g.Sum(c => c.Count), Of(DeliveryState.Sent), Of(DeliveryState.Deferred), Of(DeliveryState.Failed), Of(DeliveryState.Unknown),
                Of(DeliveryState.Skipped), Of(DeliveryState.Queued, DeliveryState.Leased, DeliveryState.InData), said.GetValueOrDefault(g.Key) ?? []);
        }).OrderByDescending(d => d.Failed + d.Deferred + d.Unknown).ThenByDescending(d => d.Recipients).Take(Shown)]);
    }
}
