using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;

namespace Panel.Services.Finger.Following;

/// <summary>How many addresses were fingered, and how many of them failed.</summary>
public sealed record Refreshed(int Asked, int Failed);

/// <summary>Fingers the followed addresses that are due. Safe to run twice, late, or on several nodes: each address is leased, and no host
/// is asked two things at once.</summary>
public sealed class Refreshes(PanelDb db, FingerFetch fetch, Notices notices, IOptions<FingerOptions> options, TimeProvider time)
{
    /// <summary>Hosts asked at the same time.</summary>
    private const int Hosts = 128;

    /// <summary>Addresses of one host in one run, so that the lease outlives even ten seconds for each.</summary>
    private const int MostPerHost = 50;

    /// <summary>Time for one host in one run; what it does not reach stays due. So no slow host keeps all others waiting.</summary>
    private static readonly TimeSpan HostTime = TimeSpan.FromSeconds(30);

    /// <summary>Answers with something new that are stored in one transaction, and all of them.</summary>
    private const int MostNews = 50, Batch = 1_000;

    /// <summary>Answers that wait to be stored; each has at most 1 MiB, so this bounds the memory.</summary>
    private const int Waiting = 64;

    /// <summary>Answers that come within this time are stored together.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(10);

    public async Task<Outcome<Refreshed>> RunAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only the house itself refreshes what its members follow.");
        }

        var lease = Guid.NewGuid().ToString("N");
        var hosts = await ClaimAsync(lease, ct);
        if (hosts.Count == 0)
        {
            return new Refreshed(0, 0);
        }

        var answers = Channel.CreateBounded<Answer>(Waiting);
        var asking = AskAllAsync(hosts, answers.Writer, ct);
        var failed = 0;
        await foreach (var batch in BatchesAsync(answers.Reader, ct))
        {
            failed += await StoreAsync(batch, lease, ct);
        }

        await asking;
        await db.Set<FingerRemote>().Where(r => r.Lease == lease).ExecuteUpdateAsync(set => set.SetProperty(r => r.Lease, (string?)null).SetProperty(r => r.LeasedUntil, (DateTime?)null), ct);
        return new Refreshed(hosts.Sum(h => h.Count), failed);
    }

    private async Task<List<List<Claimed>>> ClaimAsync(string lease, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var until = now + LeaseTime;
        var remotes = db.Set<FingerRemote>();
        var busy = remotes.Where(o => o.LeasedUntil > now).Select(o => o.Host);

        // The row's own lease is looked at as well: of two nodes that claim at once, PostgreSQL lets the second see it.
        await remotes
            .Where(r => r.DueAt <= now && r.OptedOutAt == null && (r.LeasedUntil == null || r.LeasedUntil <= now) && !busy.Contains(r.Host) && db.Set<FingerFollow>().Any(f => f.Address == r.Address))
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Lease, lease).SetProperty(r => r.LeasedUntil, until), ct);
        var claimed = await remotes.Where(r => r.Lease == lease).OrderBy(r => r.DueAt).Select(r => new { r.Address, r.Hash, r.ChangedAt }).ToListAsync(ct);
        return [.. claimed.Select(c => FingerAddress.TryParse(c.Address, out var who) ? new Claimed(who, c.Address, c.Hash, c.ChangedAt) : null).OfType<Claimed>()
            .GroupBy(c => c.Who.Host).Select(g => g.Take(MostPerHost).ToList())];
    }

    private async Task AskAllAsync(List<List<Claimed>> hosts, ChannelWriter<Answer> answers, CancellationToken ct)
    {
        Exception? broken = null;
        try
        {
            await Parallel.ForEachAsync(hosts, new ParallelOptions { MaxDegreeOfParallelism = Hosts, CancellationToken = ct }, async (host, stop) =>
            {
                var (started, last) = (time.GetTimestamp(), default(Fetched));
                foreach (var claimed in host.TakeWhile(_ => time.GetElapsedTime(started) < HostTime))
                {
                    // A host that is down is asked once; all its addresses have the same reason.
                    last = last.HostDown ? last : await fetch.FetchAsync(claimed.Who, stop);
                    await answers.WriteAsync(RemoteCopies.IsSame(last, claimed.Hash) ? new Answer(claimed, default, Same: true) : new Answer(claimed, last, Same: false), stop);
                }
            });
        }
#pragma warning disable CA1031 // Whatever it was, the reader of the channel gets to know it.
        catch (Exception no)
#pragma warning restore CA1031
        {
            broken = no;
        }

        answers.Complete(broken);
    }

    /// <summary>Answers as they come, those of a moment together: a commit for each would cost more than the answer.</summary>
    private async IAsyncEnumerable<List<Answer>> BatchesAsync(ChannelReader<Answer> answers, [EnumeratorCancellation] CancellationToken ct)
    {
        while (await answers.WaitToReadAsync(ct))
        {
            var (batch, news) = (new List<Answer>(), 0);
            using var moment = new CancellationTokenSource(Moment, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, moment.Token);
            try
            {
                do
                {
                    while (batch.Count < Batch && news < MostNews && answers.TryRead(out var answer))
                    {
                        batch.Add(answer);
                        news += answer.Same ? 0 : 1;
                    }
                }
                while (batch.Count < Batch && news < MostNews && await answers.WaitToReadAsync(both.Token));
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // The moment is over.
            }

            yield return batch;
        }
    }

    private async Task<int> StoreAsync(List<Answer> batch, string lease, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        var copies = new RemoteCopies(db, notices, options, time);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await copies.KeepAsync(batch.Where(b => b.Same).Select(b => (b.Of.Address, b.Of.ChangedAt)), lease, ct);
        var news = batch.Where(b => !b.Same).ToDictionary(b => b.Of.Address, b => b.Fetched);
        var addresses = news.Keys.ToList();
        var remotes = addresses.Count == 0 ? [] : await db.Set<FingerRemote>().Where(r => addresses.Contains(r.Address)).ToListAsync(ct);
        foreach (var remote in remotes)
        {
            // What is not found any more was unfollowed meanwhile: nobody wants the answer.
            await copies.TakeAsync(remote, news[remote.Address], ct);
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return remotes.Count(r => r.Failures > 0);
    }

    /// <summary>An address that is asked in this run, and what was known of it.</summary>
    private sealed record Claimed(FingerAddress Who, string Address, string Hash, DateTime? ChangedAt);

    /// <param name="Same">The bytes are those of the last good copy.</param>
    private readonly record struct Answer(Claimed Of, Fetched Fetched, bool Same);
}
