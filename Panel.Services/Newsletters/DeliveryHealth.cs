using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters;

/// <param name="Refused">At once, while it was handed over; <paramref name="Bounced"/> came back later by mail.</param>
/// <param name="Words">The receiver's last words that were not a plain yes.</param>
public sealed record ReceiverHealth(
    string Node, string Domain, long Accepted, long Deferred, long Refused, long Unknown, long Bounced, long Complained, int? Code, string? Words, DateTime? WordsAt)
{
    /// <summary>Complaints per accepted mail; null while nothing was accepted.</summary>
    public double? SpamRate => Accepted == 0 ? null : (double)Complained / Accepted;
}

/// <param name="Politeness"><c>relay</c> or <c>panel</c>: who keeps the receivers' limits.</param>
/// <param name="Alarms">What has to be looked at now, in sentences; the worst first.</param>
public sealed record DeliveryHealthPage(int Days, string Politeness, long Accepted, long Complained, IReadOnlyList<string> Alarms, IReadOnlyList<ReceiverHealth> Receivers);

/// <summary>How receivers take the mail of the whole house, per node and receiving domain, for admins.</summary>
public sealed class DeliveryHealth(PanelDb db, IOptions<MailOptions> mail, TimeProvider time)
{
    /// <summary>Above it mail begins to go to the spam folder, at three times as much to nowhere (A5).</summary>
    public const double SpamAlarm = 0.001;

    private const int Shown = 100;
    private const int KeptDays = 92;

    /// <summary>The last <paramref name="days"/> days, today among them; 1 to 92.</summary>
    public async Task<Outcome<DeliveryHealthPage>> ShowAsync(Actor by, int days, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin sees how receivers take the mail of the house.");
        }

        var length = Math.Clamp(days, 1, KeptDays);
        var wanted = LastDays(length);
        var rows = await db.Set<ReceiverDay>().AsNoTracking().Where(d => wanted.Contains(d.Day)).GroupBy(d => new { d.Node, d.Domain })
            .Select(g => new
            {
                g.Key.Node,
                g.Key.Domain,
                Accepted = g.Sum(d => (long)d.Accepted),
                Deferred = g.Sum(d => (long)d.Deferred),
                Refused = g.Sum(d => (long)d.Refused),
                Unknown = g.Sum(d => (long)d.Unknown),
                Bounced = g.Sum(d => (long)d.Bounced),
                Complained = g.Sum(d => (long)d.Complained),
                Spoke = g.Max(d => d.Words == null ? "" : d.Day),
            })
            .OrderByDescending(r => r.Complained).ThenByDescending(r => r.Deferred + r.Refused + r.Bounced).ThenByDescending(r => r.Accepted).ThenBy(r => r.Domain).ToListAsync(ct);
        var spoken = rows.Take(Shown).Select(r => r.Spoke).Distinct().ToList();
        var words = (await db.Set<ReceiverDay>().AsNoTracking().Where(d => d.Words != null && spoken.Contains(d.Day)).ToListAsync(ct)).ToDictionary(d => (d.Day, d.Node, d.Domain));
        var receivers = rows.Take(Shown).Select(r =>
        {
            var said = words.GetValueOrDefault((r.Spoke!, r.Node, r.Domain));
            return new ReceiverHealth(r.Node, r.Domain, r.Accepted, r.Deferred, r.Refused, r.Unknown, r.Bounced, r.Complained, said?.Code == 0 ? null : said?.Code, said?.Words, said?.At);
        }).ToList();
        var byDomain = rows.GroupBy(r => r.Domain).Select(g => (Domain: g.Key, Accepted: g.Sum(r => r.Accepted), Complained: g.Sum(r => r.Complained)));
        return new DeliveryHealthPage(
            length, mail.Value.Politeness, rows.Sum(r => r.Accepted), rows.Sum(r => r.Complained), [.. byDomain.Where(IsAlarming).OrderByDescending(d => d.Complained).Select(Sentence)], receivers);
    }

    /// <summary>Notes a mail that came back. Part of the caller's transaction.</summary>
    internal async Task NoteAsync(string domain, bool complaint, CancellationToken ct)
    {
        var (name, day) = (Receiver.Of(domain).Name, DayOf(time.GetUtcNow().UtcDateTime));
        var (bounced, complained) = complaint ? (0, 1) : (1, 0);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO receiver_days (day, node, domain, accepted, deferred, refused, unknown, bounced, complained) VALUES ({day}, {HealthTally.Node}, {name}, 0, 0, 0, 0, {bounced}, {complained})
            ON CONFLICT (day, node, domain) DO UPDATE SET bounced = receiver_days.bounced + {bounced}, complained = receiver_days.complained + {complained}
            """, ct);
        var kept = LastDays(KeptDays);
        await db.Set<ReceiverDay>().Where(d => !kept.Contains(d.Day)).ExecuteDeleteAsync(ct);
    }

    private static bool IsAlarming((string Domain, long Accepted, long Complained) r) => r.Complained > 0 && r.Complained >= r.Accepted * SpamAlarm;

    private static string Sentence((string Domain, long Accepted, long Complained) r) => string.Create(CultureInfo.InvariantCulture,
        $"{r.Complained:#,0} of {r.Accepted:#,0} mails to {r.Domain} were called spam by those who got them ({(r.Accepted == 0 ? 1 : (double)r.Complained / r.Accepted):0.00 %}). From 0.1 % on mail goes to the spam folder, from 0.3 % on nowhere: find out which list it is before the next issue.");

    private List<string> LastDays(int length) => [.. Enumerable.Range(0, length).Select(d => DayOf(time.GetUtcNow().UtcDateTime.AddDays(-d)))];

    private static string DayOf(DateTime at) => at.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
