using System.Globalization;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Who is leased next: members share a batch, and each member's issues share the part of the member, so that nobody gets
/// ahead by many issues or a long list (F8). A sending domain that receivers do not know yet sends no more than its day allows.</summary>
internal sealed class SenderLeases(Ledger ledger, SenderQueue queue, TimeProvider time)
{
    private const int LeastShare = 8;

    /// <summary>Longer than a batch may take at a message per second and connection.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private readonly Dictionary<long, string> warming = [];
    private int turn;

    /// <summary>Each round begins with another issue, so that none is always last.</summary>
    public IReadOnlyList<(SendingIssue Issue, IssueLetter Letter, int Share)> InTurn(IReadOnlyCollection<(SendingIssue Issue, IssueLetter Letter)> open, int batch)
    {
        var members = open.GroupBy(o => o.Issue.MemberId).ToDictionary(g => g.Key, g => g.Count());
        var all = open.OrderBy(o => o.Issue.Id).Select(o => (o.Issue, o.Letter, Math.Max(LeastShare, batch / members.Count / members[o.Issue.MemberId]))).ToList();
        turn = (turn + 1) % all.Count;
        return [.. all[turn..], .. all[..turn]];
    }

    /// <summary>Leases and queues; how many rows were taken in hand.</summary>
    public async Task<int> TakeAsync(SendingIssue issue, IssueLetter letter, int count)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var day = now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (batch, isFull) = await ledger.RunAsync(store =>
        {
            var room = queue.IsPolite ? store.WarmUpRoom(issue.FromDomain, day) : null;
            var leased = room <= 0 ? new LeasedBatch([], 0) : store.Lease(issue, Math.Min(count, room ?? count), now, now + Lease, letter.HashOf);
            if (room is not null && leased.Rows.Count > 0)
            {
                store.WarmedUp(issue.FromDomain, day, leased.Rows.Count);
            }

            return (leased, room <= 0);
        });
        foreach (var row in batch.Rows)
        {
            queue.Put(new Outgoing(row, letter));
        }

        await SayAsync(issue, isFull ? day : null);
        return batch.Taken;
    }

    private async Task SayAsync(SendingIssue issue, string? fullOn)
    {
        if (warming.GetValueOrDefault(issue.Id) == fullOn)
        {
            return;
        }

        if (fullOn is null)
        {
            warming.Remove(issue.Id);
        }
        else
        {
            warming[issue.Id] = fullOn;
        }

        await ledger.RunAsync(store => store.Note(issue.Id, fullOn is null ? null : $"{issue.FromDomain} is new to receivers, so it sends a little more every day. Today's mails are out; it goes on at 00:00 UTC."));
    }
}
