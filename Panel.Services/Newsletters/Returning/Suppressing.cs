using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Mail.Returned;

namespace Panel.Services.Newsletters.Returning;

/// <summary>Who is not mailed any more after what came back. Part of the caller's transaction; repeating changes nothing.</summary>
public sealed class Suppressing(PanelDb db, HouseKeys keys, TimeProvider time)
{
    /// <summary>Soft failures take somebody off after so many different issues (F21) ...</summary>
    private const int SoftIssues = 3;

    /// <summary>... the first of them at least so long ago (F21), and none older than the last quarter, when the box may have been full for a reason long gone.</summary>
    private static readonly TimeSpan SoftSpan = TimeSpan.FromDays(14);

    private static readonly TimeSpan SoftMemory = TimeSpan.FromDays(92);

    public async Task ApplyAsync(Reader reader, ReturnedMail read, CancellationToken ct)
    {
        if (read.Kind is ReturnedKind.Hard or ReturnedKind.Soft)
        {
            await NoteAsync(reader, read, ct);
        }

        await TakeOffAsync(reader, read.Kind, ct);
    }

    /// <summary>Takes the person off when a return of this kind, noted already, is reason enough.</summary>
    internal async Task TakeOffAsync(Reader reader, ReturnedKind kind, CancellationToken ct)
    {
        var to = kind switch
        {
            ReturnedKind.Complaint => SubscriberState.Complained,
            ReturnedKind.Hard => SubscriberState.Bounced,
            ReturnedKind.Soft when await IsLastingAsync(reader, ct) => SubscriberState.Bounced,
            _ => (SubscriberState?)null,
        };
        if (to is { } state && await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct) is { } person)
        {
            await SuppressAsync(person, state, ct);
        }
    }

    // A complaint outweighs a bounce, and both outweigh a leave: what was done last and worst stays.
    private async Task SuppressAsync(Subscriber person, SubscriberState to, CancellationToken ct)
    {
        if (person.State == to || person.State == SubscriberState.Complained)
        {
            return;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var memberId = await db.Set<MailingList>().Where(l => l.Id == person.ListId).Select(l => l.MemberId).SingleAsync(ct);
        (person.State, person.ChangedAt) = (to, now);
        db.Add(new Suppression
        {
            EmailHash = keys.Hash("email", person.EmailKey),
            ListId = person.ListId,
            MemberId = memberId,
            Reason = to == SubscriberState.Complained ? SkipReason.Complained : SkipReason.Bounced,
            At = now,
        });
    }

    private async Task<bool> IsLastingAsync(Reader reader, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var since = now - SoftMemory;
        var soft = await db.Set<ReturnedRow>().Where(r => r.SubscriberId == reader.SubscriberId && r.Kind == ReturnedKind.Soft && r.ReceivedAt > since)
            .Select(r => new { r.IssueId, r.ReceivedAt }).ToListAsync(ct);
        return soft.Select(r => r.IssueId).Distinct().Count() >= SoftIssues && soft.Min(r => r.ReceivedAt) <= now - SoftSpan;
    }

    // The relay had accepted it; now it is known that it did not arrive.
    private async Task NoteAsync(Reader reader, ReturnedMail read, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        int? code = read.Words.Length >= 3 && int.TryParse(read.Words.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var said) && said is >= 400 and < 600 ? said : null;
        await db.Set<Delivery>().Where(d => d.IssueId == reader.IssueId && d.SubscriberId == reader.SubscriberId && (d.State == DeliveryState.Sent || d.State == DeliveryState.Unknown))
            .ExecuteUpdateAsync(
                set => set.SetProperty(d => d.State, DeliveryState.Failed).SetProperty(d => d.At, now).SetProperty(d => d.Code, code)
                    .SetProperty(d => d.Enhanced, read.Status).SetProperty(d => d.Reply, read.Words).SetProperty(d => d.Reason, SkipReason.Bounced), ct);
    }
}
