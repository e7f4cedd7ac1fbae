using System.Globalization;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

internal abstract partial class LedgerStore
{
    /// <summary>How many mails a sending domain may still send on this day (yyyy-MM-dd, UTC); null: as many as it likes.</summary>
    public int? WarmUpRoom(string domain, string day)
    {
        // Written first, so that two nodes count one after the other.
        WarmedUp(domain, day, 0);
        var (before, today) = Rows(
            "SELECT (SELECT COUNT(*) FROM warm_ups w WHERE w.domain = @domain AND w.day < @day AND w.mails > 0), (SELECT w.mails FROM warm_ups w WHERE w.domain = @domain AND w.day = @day)",
            r => ((int)r.GetInt64(0), r.GetInt32(1)), ("@domain", domain), ("@day", day))[0];
        return WarmUp.MailsOn(before) - today;
    }

    public int WarmedUp(string domain, string day, int mails) => Execute(
        "INSERT INTO warm_ups (domain, day, mails) VALUES (@domain, @day, @mails) ON CONFLICT (domain, day) DO UPDATE SET mails = warm_ups.mails + @mails",
        ("@domain", domain), ("@day", day), ("@mails", mails));

    /// <summary>Adds what receivers said to this node's day; the last words stay.</summary>
    public int Health(IReadOnlyDictionary<string, HealthCount> counts, DateTime now)
    {
        var day = now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        foreach (var (domain, c) in counts)
        {
            Execute(
                "INSERT INTO receiver_days (day, node, domain, accepted, deferred, refused, unknown, bounced, complained, code, words, at) " +
                "VALUES (@day, @node, @domain, @accepted, @deferred, @refused, @unknown, 0, 0, @code, @words, @now) ON CONFLICT (day, node, domain) DO UPDATE SET " +
                "accepted = receiver_days.accepted + @accepted, deferred = receiver_days.deferred + @deferred, refused = receiver_days.refused + @refused, " +
                "unknown = receiver_days.unknown + @unknown, code = CASE WHEN @words IS NULL THEN receiver_days.code ELSE @code END, " +
                "words = COALESCE(@words, receiver_days.words), at = CASE WHEN @words IS NULL THEN receiver_days.at ELSE @now END",
                ("@day", day), ("@node", HealthTally.Node), ("@domain", domain), ("@accepted", c.Accepted), ("@deferred", c.Deferred), ("@refused", c.Refused), ("@unknown", c.Unknown),
                ("@code", c.Code), ("@words", (object?)c.Words ?? DBNull.Value), ("@now", now));
        }

        return counts.Count;
    }
}
