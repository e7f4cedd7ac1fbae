using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services.Data;

namespace Panel.Services.Finger;

/// <summary>Answers queries, mostly from memory. What it keeps is at most a second behind the store, on every node.</summary>
public sealed class FingerDesk(IServiceScopeFactory scopes, FingerReply reply, IOptions<FingerOptions> options, TimeProvider time)
{
    /// <summary>How long answers are given without looking at the clock in the store.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);

    /// <summary>How long answers are given while somebody else is looking; a store that takes longer is asked directly.</summary>
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(5);

    private static readonly FingerAnswer NoForwarding = new(FingerResult.ForwardingDenied, FingerReply.NoForwarding);
    private static readonly FingerAnswer NoList = new(FingerResult.ListDenied, FingerReply.NoList);
    private static readonly FingerAnswer Nobody = new(FingerResult.Nobody, FingerReply.Nobody);

    private readonly FingerOptions _options = options.Value;
    private volatile FingerCache _cache = new(-1);
    private long _lookedAt;
    private int _looking;

    /// <summary>The answer, byte for byte, that a finger client gets.</summary>
    public ValueTask<FingerAnswer> AnswerAsync(FingerQuery asked, CancellationToken ct)
    {
        var query = asked.At(_options.Host);
        if (query.Hosts.Count > 0)
        {
            return new(NoForwarding);
        }

        if (query.Name.Length == 0 && !_options.List)
        {
            return new(NoList);
        }

        var cache = _cache;
        return cache.Clock >= 0 && MayTrust() && cache.TryGet(query, out var kept) ? new(kept.Answer) : new(AnswerOfAsync(query, ct));
    }

    /// <summary>The member of exactly this handle with the server's bytes, or null for whoever does not answer.</summary>
    public async ValueTask<PublicPerson?> ShownAsync(string handle, CancellationToken ct)
    {
        var (query, cache) = (new FingerQuery(handle, false, []), _cache);
        if (handle.Length == 0)
        {
            return null;
        }

        var found = cache.Clock >= 0 && MayTrust() && cache.TryGet(query, out var kept) ? kept : await LookUpAsync(query, ct);

        // A name leads to a member as well, but only the handle is an address.
        return found.Card is { } card && card.Handle == handle ? new PublicPerson(card, reply.AddressOf(handle), found.Answer.Bytes) : null;
    }

    /// <summary>Forgets everything, after a change on this node: the very next answer has it.</summary>
    public void Forget() => _cache = new FingerCache(-1);

    /// <summary>False for the one caller who has to look at the clock, and for all when that takes too long.</summary>
    private bool MayTrust()
    {
        var age = time.GetElapsedTime(Volatile.Read(ref _lookedAt));
        return age < Trust || (age < Courtesy && Interlocked.Exchange(ref _looking, 1) == 1);
    }

    private async Task<FingerAnswer> AnswerOfAsync(FingerQuery query, CancellationToken ct) => (await LookUpAsync(query, ct)).Answer;

    private async Task<KeptAnswer> LookUpAsync(FingerQuery query, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var cards = new FingerCards(scope.ServiceProvider.GetRequiredService<PanelDb>());
        var cache = await FreshCacheAsync(cards, ct);
        if (cache.TryGet(query, out var kept))
        {
            return kept;
        }

        var answer = query.Name.Length == 0 ? await ListAsync(cards, ct) : await FindAsync(cards, query, ct);
        cache.Put(query, answer);
        return answer;
    }

    /// <summary>The cache that fits the store's clock, which is read only when the last reading is old.</summary>
    private async Task<FingerCache> FreshCacheAsync(FingerCards cards, CancellationToken ct)
    {
        try
        {
            var cache = _cache;
            var now = time.GetTimestamp();
            if (cache.Clock >= 0 && time.GetElapsedTime(Volatile.Read(ref _lookedAt), now) < Trust)
            {
                return cache;
            }

            var clock = await cards.ClockAsync(ct);
            if (cache.Clock != clock)
            {
                // If a change here made all this forgotten meanwhile, the fresh cache serves this one answer only.
                var fresh = new FingerCache(clock);
                Interlocked.CompareExchange(ref _cache, fresh, cache);
                cache = fresh;
            }

            Volatile.Write(ref _lookedAt, now);
            return cache;
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    private async Task<KeptAnswer> ListAsync(FingerCards cards, CancellationToken ct) => new(
        new(FingerResult.Listed, FingerReply.RenderList(await cards.ListedAsync(_options.ListLength + 1, ct), _options.ListLength)), null);

    /// <summary>A handle first, then a name; who is hidden takes the same two steps as who never was.</summary>
    private async Task<KeptAnswer> FindAsync(FingerCards cards, FingerQuery query, CancellationToken ct)
    {
        if (await cards.FindAsync(query.Name, ct) is { } card)
        {
            return Shown(card, query);
        }

        return await cards.NamedAsync(query.Name, _options.ListLength + 1, ct) switch
        {
            [] => new(Nobody, null),
            [var one] => await cards.FindAsync(one.Handle, ct) is { } found ? Shown(found, query) : new(Nobody, null),
            var several => new(new(FingerResult.Listed, FingerReply.RenderList(several, _options.ListLength)), null),
        };
    }

    private KeptAnswer Shown(FingerCard card, FingerQuery query) => new(new FingerAnswer(FingerResult.Shown, reply.Render(card, query.Wide)), card);
}
