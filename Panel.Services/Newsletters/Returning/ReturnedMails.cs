using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Mail.Lmtp;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters.Leaving;

namespace Panel.Services.Newsletters.Returning;

/// <summary>A mail that came back, for the owner of the list.</summary>
/// <param name="Body">The beginning of the mail, where somebody has to read it.</param>
public sealed record ReturnedPage(long Id, string Email, ReturnedKind Kind, string? Status, string Words, string Subject, string From, string? Body, DateTime ReceivedAt);

/// <summary>What comes back by mail: bounces, complaints, leaves and replies. A token in the address says for whom; a forged one
/// is refused at the door (rule A17). What is not understood takes nobody off, is kept for 30 days and shown.</summary>
public sealed class ReturnedMails(PanelDb db, Lists lists, ReturnAddresses addresses, OptOuts optOuts, Suppressing suppressing, DeliveryHealth health, TimeProvider time)
{
    private const int PageSize = 100;
    private const int KeptBytes = 64 * 1024;
    private const int KeptPerList = 500;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Takes one mail. True: it is done with, in the database or the journal; false: the database is away, come again.</summary>
    public async Task<bool> TakeAsync(IncomingMail mail, CancellationToken ct)
    {
        if (addresses.Read(mail.Recipient) is not { } address)
        {
            return true; // The door asked before; a key that changed meanwhile makes it nobody's mail.
        }

        try
        {
            // Never answer a report, never take a report for somebody's wish (RFC 3834 §2).
            if (address.Purpose == TokenPurpose.Leave && mail.Sender.Length > 0)
            {
                return (await optOuts.LeaveAsync(new OptOut(address.Token, address.Reader!.Value, Now))).Fate != OptOutFate.Lost;
            }

            var read = await ReturnedMail.ReadAsync(mail.Sender, mail.Message);
            return await KeepAsync(mail, address, address.Purpose == TokenPurpose.Leave ? read with { Kind = ReturnedKind.Unclear } : read, ct);
        }
        catch (Exception away) when (OptOuts.IsAway(away))
        {
            return false;
        }
    }

    /// <summary>What came back for a list, newest first; <paramref name="before"/> is the last id of the page before.</summary>
    public async Task<Outcome<IReadOnlyList<ReturnedPage>>> ListAsync(Actor by, string handle, string name, ReturnedKind? kind, long? before, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        var rows = await db.Set<ReturnedRow>().AsNoTracking()
            .Where(r => r.ListId == list.Id && (kind == null || r.Kind == kind) && (before == null || r.Id < before))
            .OrderByDescending(r => r.Id).Take(PageSize)
            .LeftJoin(db.Set<Subscriber>(), r => r.SubscriberId, s => s.Id, (r, s) => new { Row = r, Email = s == null ? "" : s.Email }).ToListAsync(ct);
        return rows.ConvertAll(r => new ReturnedPage(
            r.Row.Id, r.Email, r.Row.Kind, r.Row.Status, r.Row.Words, r.Row.Subject, r.Row.From, r.Row.Body is { } body ? ReadableText.Of(body) : null, r.Row.ReceivedAt));
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task<bool> KeepAsync(IncomingMail mail, ReturnAddress address, ReturnedMail read, CancellationToken ct)
    {
        if ((address.Reader ?? addresses.ReaderOf(read.Original)) is not { } reader || !await db.Set<MailingList>().AnyAsync(l => l.Id == reader.ListId, ct))
        {
            return true; // A complaint without any token of ours: nobody here can act on it.
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var domain = await db.Set<Subscriber>().Where(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId).Select(s => s.Domain).SingleOrDefaultAsync(ct);
        var there = domain is not null;
        if (domain is not null && read.Kind is ReturnedKind.Hard or ReturnedKind.Soft or ReturnedKind.Complaint)
        {
            await health.NoteAsync(domain, read.Kind == ReturnedKind.Complaint, ct);
        }

        var kept = read.Kind is ReturnedKind.Unclear or ReturnedKind.Reply && await HasRoomAsync(reader.ListId, ct);
        db.Add(new ReturnedRow
        {
            ListId = reader.ListId,
            IssueId = reader.IssueId == 0 ? null : reader.IssueId,
            SubscriberId = there ? reader.SubscriberId : null,
            Kind = read.Kind,
            Status = read.Status,
            Words = read.Words,
            Subject = read.Subject,
            From = read.From,
            Body = kept ? mail.Message[..Math.Min(mail.Message.Length, KeptBytes)].ToArray() : null,
            ReceivedAt = Now,
        });
        await db.SaveChangesAsync(ct);
        await suppressing.ApplyAsync(reader, read, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private async Task<bool> HasRoomAsync(long listId, CancellationToken ct)
    {
        var old = Now - Kept;
        await db.Set<ReturnedRow>().Where(r => r.ListId == listId && r.Body != null && r.ReceivedAt < old).ExecuteUpdateAsync(set => set.SetProperty(r => r.Body, (byte[]?)null), ct);
        return await db.Set<ReturnedRow>().CountAsync(r => r.ListId == listId && r.Body != null, ct) < KeptPerList;
    }
}
