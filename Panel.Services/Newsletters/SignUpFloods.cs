using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <summary>Watches how many fill in the form of a list. Ten times the usual hour closes it and tells its owner and the admins
/// by mail; its owner opens it again (rule S9).</summary>
public sealed class SignUpFloods(PanelDb db, Letters letters, HouseKeys keys, AuditTrail audit, TimeProvider time, IOptions<NewslettersOptions> options)
{
    private const int Unusual = 10;

    /// <summary>What is usual is measured over this time; older marks are swept away.</summary>
    internal static readonly TimeSpan Usual = TimeSpan.FromDays(14);

    internal async Task MarkAsync(MailingList list, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await db.Database.ExecuteSqlAsync($"INSERT INTO sign_ups (list_id, at) VALUES ({list.Id}, {now})", ct);
        var (hour, span) = (now.AddHours(-1), now - Usual);
        var last = await db.Set<SignUpMark>().CountAsync(m => m.ListId == list.Id && m.At > hour, ct);
        var before = await db.Set<SignUpMark>().CountAsync(m => m.ListId == list.Id && m.At > span && m.At <= hour, ct);
        if (last > Math.Max(options.Value.SignUpsPerListHour, Unusual * before / Usual.TotalHours))
        {
            await CloseAsync(list, last, now, ct);
        }
    }

    private async Task CloseAsync(MailingList list, int last, DateTime now, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.Set<MailingList>().Where(l => l.Id == list.Id && l.FormClosedAt == null).ExecuteUpdateAsync(set => set.SetProperty(l => l.FormClosedAt, now), ct) == 0)
        {
            return;
        }

        audit.Add(Actor.Job, list.MemberId, "list.form-close", list.Name, ("signUps", null, last.ToString(CultureInfo.InvariantCulture)));
        var told = await db.Users.Where(m => (m.Id == list.MemberId || m.AdminAt != null) && m.RemovedAt == null).Select(m => m.Email!).Distinct().ToListAsync(ct);
        foreach (var address in told.Select(EmailAddress.Parse).OfType<EmailAddress>())
        {
            letters.Add("notice", list.Id, address, keys.Hash("email-limit", address.LimitKey), $"Sign-ups closed: {list.Title}",
                $"""
                {last} people or programs filled in the form of "{list.Title}" within an hour, which is far more than usual.

                So that nobody's mailbox is flooded in your name, the form is closed. Nobody who is on the list loses anything.

                Look at the list in Panel. If the rush is real (you were on the radio), open the form again there.
                """);
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }
}
