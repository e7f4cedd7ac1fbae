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

    /// <summary>Answers stored in one transaction.</summary>
    private const int Batch = 200;

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

        var answers = Channel.CreateBounded<(string Address, Fetched Fetched)>(Batch * 2);
        var asking = AskAllAsync(hosts, answers.Writer, ct);
        var failed = 0;
        await foreach (var batch in BatchesAsync(answers.Reader, ct))
        {
            failed += await StoreAsync(batch, ct);
        }

        await asking;
        await db.Set<FingerRemote>().Where(r => r.Lease == lease).ExecuteUpdateAsync(set => set.SetProperty(r => r.Lease, (string?)null).SetProperty(r => r.LeasedUntil, (DateTime?)null), ct);
        return new Refreshed(hosts.Sum(h => h.Count), failed);
    }

    private async Task<List<List<FingerAddress>>> ClaimAsync(string lease, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var until = now + LeaseTime;
        var remotes = db.Set<FingerRemote>();
        await remotes
            .Where(r => r.DueAt <= now && r.OptedOutAt == null && !remotes.Any(o => o.Host == r.Host && o.LeasedUntil > now) && db.Set<FingerFollow>().Any(f => f.Address == r.Address))
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Lease, lease).SetProperty(r => r.LeasedUntil, until), ct);
        var claimed = await remotes.Where(r => r.Lease == lease).OrderBy(r => r.DueAt).Select(r => r.Address).ToListAsync(ct);
        return [.. claimed.Select(a => FingerAddress.TryParse(a, out var who) ? who : null).OfType<FingerAddress>().GroupBy(a => a.Host).Select(g => g.Take(MostPerHost).ToList())];
    }

    private async Task AskAllAsync(List<List<FingerAddress>> hosts, ChannelWriter<(string, Fetched)> answers, CancellationToken ct)
    {
        Exception? broken = null;
        try
        {
            await Parallel.ForEachAsync(hosts, new ParallelOptions { MaxDegreeOfParallelism = Hosts, CancellationToken = ct }, async (host, stop) =>
            {
                var (started, last) = (time.GetTimestamp(), default(Fetched));
                foreach (var who in host.TakeWhile(_ => time.GetElapsedTime(started) < HostTime))
                {
                    // A host that is down is asked once; all its addresses have the same reason.
                    last = last.HostDown ? last : await fetch.FetchAsync(who, stop);
                    await answers.WriteAsync((who.ToString(), last), stop);
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

    private static async IAsyncEnumerable<List<(string Address, Fetched Fetched)>> BatchesAsync(
        ChannelReader<(string, Fetched)> answers, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        while (await answers.WaitToReadAsync(ct))
        {
            var batch = new List<(string, Fetched)>();
            while (batch.Count < Batch && answers.TryRead(out var answer))
            {
                batch.Add(answer);
            }

            yield return batch;
        }
    }

    private async Task<int> StoreAsync(List<(string Address, Fetched Fetched)> batch, CancellationToken ct)
    {
        db.ChangeTracker.Clear();
        var addresses = batch.ConvertAll(b => b.Address);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var remotes = await db.Set<FingerRemote>().Where(r => addresses.Contains(r.Address)).ToDictionaryAsync(r => r.Address, ct);
        var copies = new RemoteCopies(db, notices, options, time);
        foreach (var (address, fetched) in batch)
        {
            // Unfollowed meanwhile: nobody wants the answer.
            if (remotes.TryGetValue(address, out var remote))
            {
                await copies.TakeAsync(remote, fetched, ct);
            }
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return remotes.Values.Count(r => r.Failures > 0);
    }
}
