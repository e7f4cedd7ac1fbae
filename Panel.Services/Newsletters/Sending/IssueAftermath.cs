using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters.Returning;

namespace Panel.Services.Newsletters.Sending;

/// <summary>When an issue is done, what servers refused at once is treated like what comes back later: dead addresses are taken
/// off, the rest counts as a soft failure. Safe to repeat: a refusal is noted once for an issue and person.</summary>
internal sealed class IssueAftermath(PanelDb db, Suppressing suppressing, TimeProvider time)
{
    private const int Page = 500;

    public async Task<int> SettleAsync(long issueId, CancellationToken ct)
    {
        var (settled, after) = (0, 0L);
        while (true)
        {
            var refused = await db.Set<Delivery>().AsNoTracking()
                .Where(d => d.IssueId == issueId && d.State == DeliveryState.Failed && d.SubscriberId > after && (d.Reason == null || d.Reason != SkipReason.Bounced))
                .Where(d => !db.Set<ReturnedRow>().Any(r => r.SubscriberId == d.SubscriberId && r.IssueId == issueId))
                .OrderBy(d => d.SubscriberId).Take(Page)
                .Join(db.Set<Subscriber>(), d => d.SubscriberId, s => s.Id, (d, s) => new { Delivery = d, s.ListId }).ToListAsync(ct);
            if (refused.Count == 0)
            {
                return settled;
            }

            foreach (var row in refused)
            {
                await NoteAsync(row.Delivery, row.ListId, ct);
            }

            await db.SaveChangesAsync(ct);
            db.ChangeTracker.Clear();
            (settled, after) = (settled + refused.Count, refused[^1].Delivery.SubscriberId);
        }
    }

    private async Task NoteAsync(Delivery delivery, long listId, CancellationToken ct)
    {
        var words = delivery.Reply ?? "";
        var kind = new RecipientReport("failed", delivery.Enhanced ?? "", "", words).IsAboutTheAddress ? ReturnedKind.Hard : ReturnedKind.Soft;
        db.Add(new ReturnedRow
        {
            ListId = listId,
            IssueId = delivery.IssueId,
            SubscriberId = delivery.SubscriberId,
            Kind = kind,
            Status = delivery.Enhanced,
            Words = words,
            Subject = "",
            From = "refused at once",
            ReceivedAt = time.GetUtcNow().UtcDateTime,
        });
        await db.SaveChangesAsync(ct);
        await suppressing.TakeOffAsync(new Reader(listId, delivery.SubscriberId, delivery.IssueId), kind, ct);
    }
}
