using Panel.Services.Newsletters.Segmenting;

namespace Panel.Services.Newsletters.Sending;

/// <summary>How the list of recipients comes to stand still.</summary>
internal abstract partial class LedgerStore
{
    /// <summary>People per page of the freeze: long enough to be quick, short enough to let others write in between.</summary>
    public const int FreezePage = 5_000;

    // Whoever was a subscriber once has a row, so that the report can say why there is no mail for them.
    private const string FreezeSql =
        "INSERT INTO deliveries (issue_id, subscriber_id, state, epoch, tries, at, reason) " +
        "SELECT @issue, s.id, CASE s.state WHEN 'Confirmed' THEN 'Queued' ELSE 'Skipped' END, 0, 0, @now, " +
        "CASE s.state WHEN 'Left' THEN 'left' WHEN 'Paused' THEN 'paused' WHEN 'Bounced' THEN 'bounced' WHEN 'Complained' THEN 'complained' END FROM subscribers s ";

    private const string Reachable = "s.list_id = @list AND s.id > @after AND s.state <> 'Pending' AND (s.state = 'Confirmed' OR s.consent_at IS NOT NULL) ";

    /// <summary>The condition that an id is one of these, and the value of its <c>@ids</c>.</summary>
    protected abstract (string Sql, object Value) Among(IReadOnlyList<long> ids);

    /// <summary>Freezes the next page of recipients; false when the list is complete or the issue is not being sent.</summary>
    public bool Freeze(long issue, DateTime now)
    {
        var found = Rows(
            "SELECT list_id, frozen_through, audience, (SELECT l.language FROM lists l WHERE l.id = list_id) FROM issues WHERE id = @issue AND state = 'Sending' AND frozen_at IS NULL" + ForUpdate,
            r => (List: r.GetInt64(0), After: r.GetInt64(1), Audience: r.GetString(2), Language: r.GetString(3)), ("@issue", issue));
        if (found.Count == 0)
        {
            return false;
        }

        var (list, after, audience, language) = found[0];
        if (audience.Length > 0)
        {
            return FreezeSegment(issue, (list, after, language), SegmentRule.Read(audience).Value ?? new AnyOf([]), now);
        }

        var added = Execute(
            FreezeSql + "WHERE " + Reachable + "ORDER BY s.id LIMIT @page", ("@issue", issue), ("@now", now), ("@list", list), ("@after", after), ("@page", FreezePage));
        return added > 0
            ? Execute("UPDATE issues SET frozen_through = (SELECT MAX(subscriber_id) FROM deliveries WHERE issue_id = @issue) WHERE id = @issue", ("@issue", issue)) == 1
            : Complete(issue, now);
    }

    // The rule is asked here, person by person, and no part of it ever comes into a statement (rule V4).
    private bool FreezeSegment(long issue, (long List, long After, string Language) from, SegmentRule rule, DateTime now)
    {
        var opens = !rule.AsksForOpens ? [] : Rows(
            "SELECT o.subscriber_id, MAX(o.at) FROM opens o JOIN issues i ON i.id = o.issue_id WHERE i.list_id = @list GROUP BY o.subscriber_id",
            r => (Id: r.GetInt64(0), At: r.GetDateTime(1)), ("@list", from.List)).ToDictionary(o => o.Id, o => o.At);
        var page = Rows(
            "SELECT s.id, s.state, s.email, s.name, s.fields, s.joined_at FROM subscribers s WHERE " + Reachable + "ORDER BY s.id LIMIT @page",
            r => new SegmentPerson(r.GetInt64(0), Enum.Parse<SubscriberState>(r.GetString(1)), r.GetString(2), r.GetString(3), r.GetString(4), r.GetDateTime(5)),
            ("@list", from.List), ("@after", from.After), ("@page", FreezePage));
        if (page.Count == 0)
        {
            return Complete(issue, now);
        }

        var ids = page.Where(p => rule.Holds(p with { ListLanguage = from.Language, Now = now, OpenedAt = opens.TryGetValue(p.Id, out var at) ? at : null })).Select(p => p.Id).ToList();
        var (among, value) = Among(ids);
        Execute(FreezeSql + "WHERE s.id " + among + " ORDER BY s.id", ("@issue", issue), ("@now", now), ("@ids", value));
        return Execute("UPDATE issues SET frozen_through = @through WHERE id = @issue", ("@through", page[^1].Id), ("@issue", issue)) == 1;
    }

    private bool Complete(long issue, DateTime now) => Execute(
        "UPDATE issues SET frozen_at = @now, mails = (SELECT COUNT(*) FROM deliveries WHERE issue_id = @issue AND state = 'Queued') WHERE id = @issue",
        ("@issue", issue), ("@now", now)) == 0;
}
