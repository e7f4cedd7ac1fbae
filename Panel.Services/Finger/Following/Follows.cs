using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger.Homes;
using Panel.Services.Members;

namespace Panel.Services.Finger.Following;

/// <param name="Nick">What posts of the member call it; the user part of the address when none is given.</param>
public sealed record NewFollow(string Address, string? Nick = null);

/// <param name="Here">A member of this house, read from the store.</param>
/// <param name="FetchedAt">When the last good copy was fetched.</param>
/// <param name="Reason">Why there is no newer copy than that.</param>
public sealed record FollowPage(string Address, string Nick, string Name, bool Here, DateTime FollowedAt, DateTime? FetchedAt, DateTime? ChangedAt, string? Reason);

/// <summary>Somebody to follow; <paramref name="Followers"/> members here do, none for a listed member of the house.</summary>
public sealed record Suggestion(string Address, string Name, int Followers);

/// <summary>Whom the members follow. An address is fingered before it is stored, so a mistyped one is refused with the reason.</summary>
public sealed class Follows(
    PanelDb db, Members.Members members, AuditTrail audit, FingerFetch fetch, FingerDesk desk, HomeCopies homes, Notices notices, IOptions<FingerOptions> options, TimeProvider time)
{
    private const int Suggested = 20;

    public async Task<Outcome<IReadOnlyList<FollowPage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? Outcome.Of(await PagesAsync(member.Id, null, ct)) : new NotThere($"member {handle}");

    /// <summary>Whom the member might follow: those whom others here follow, then listed members of the house.</summary>
    public async Task<Outcome<IReadOnlyList<Suggestion>>> SuggestAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var known = (await db.Set<FingerFollow>().Where(f => f.MemberId == member.Id).Select(f => f.Address).ToListAsync(ct)).Append($"{member.Handle}@{options.Value.Host}").ToHashSet();
        var often = await db.Set<FingerFollow>().Join(db.Set<FingerRemote>(), f => f.Address, r => r.Address, (f, r) => new { f.Address, r.Name })
            .GroupBy(f => new { f.Address, f.Name }).Select(g => new { g.Key.Address, g.Key.Name, Count = g.Count() }).OrderByDescending(g => g.Count).Take(Suggested * 2).ToListAsync(ct);
        var listed = await new FingerCards(db).ListedAsync(Suggested * 2, ct);
        return Outcome.Of<IReadOnlyList<Suggestion>>([.. often.Select(o => new Suggestion(o.Address, o.Name, o.Count))
            .Concat(listed.Select(c => new Suggestion($"{c.Handle}@{options.Value.Host}", c.Name, 0))).Where(s => !known.Contains(s.Address)).Take(Suggested)]);
    }

    /// <summary>Safe to repeat. Takes as long as the other server does, at most the patience.</summary>
    public async Task<Outcome<FollowPage>> AddAsync(Actor by, string handle, NewFollow wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (!FingerAddress.TryParse(wanted.Address, out var who))
        {
            return new Refusal("An address to follow looks like bob@other.example, or bob@other.example:7979 where the port is not 79.", "address");
        }

        var address = who.ToString();
        if ((await PagesAsync(member.Id, address, ct)) is [var known])
        {
            return known;
        }

        if ((CheckNick(wanted.Nick) ?? await RoomAsync(member, ct)) is { } no)
        {
            return no;
        }

        var here = who.IsAt(options.Value.Host);
        var found = here ? await FindHereAsync(who, member, ct) : await FetchAsync(who, ct);
        if (found.Refused is { } reason)
        {
            return reason;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        if (!here && await StoreAsync(who, found.Value!, ct) is { } hidden)
        {
            await transaction.CommitAsync(ct);
            return hidden;
        }

        if (!await db.Set<FingerFollow>().AnyAsync(f => f.MemberId == member.Id && f.Address == address, ct))
        {
            db.Add(new FingerFollow { MemberId = member.Id, Address = address, Nick = Nick(wanted, who), FollowedAt = time.GetUtcNow().UtcDateTime });
            audit.Add(by, member.Id, "follow.add", address);
        }

        await homes.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Forget();
        return (await PagesAsync(member.Id, address, ct))[0];
    }

    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, string address, CancellationToken ct)
    {
        var name = FingerAddress.TryParse(address, out var who) ? who.ToString() : address;
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<FingerFollow>().SingleOrDefaultAsync(f => f.MemberId == member.Id && f.Address == name, ct) is not { } follow)
        {
            return new NotThere($"address {address} among those followed");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        db.Remove(follow);
        audit.Add(by, member.Id, "follow.remove", name);
        await homes.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        if (!await db.Set<FingerFollow>().AnyAsync(f => f.Address == name, ct))
        {
            // Nobody reads it here any more. An opt-out is remembered for ever.
            await db.Set<FingerRemotePost>().Where(p => p.Address == name).ExecuteDeleteAsync(ct);
            await db.Set<FingerRemote>().Where(r => r.Address == name && r.OptedOutAt == null).ExecuteDeleteAsync(ct);
        }

        await transaction.CommitAsync(ct);
        desk.Forget();
        return Done.It;
    }

    private static string Nick(NewFollow wanted, FingerAddress who) => string.IsNullOrWhiteSpace(wanted.Nick) ? who.User : wanted.Nick.Trim();

    private static Refusal? CheckNick(string? nick) => string.IsNullOrWhiteSpace(nick) || (nick.Length <= 64 && nick.Trim().All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        ? null : new Refusal("A nick has at most 64 letters a to z, digits, dots, hyphens and underlines.", "nick");

    private async Task<Refusal?> RoomAsync(Member member, CancellationToken ct) => member.RemovedAt is not null
        ? new InTheWay($"{member.Handle} was removed.")
        : await db.Set<FingerFollow>().CountAsync(f => f.MemberId == member.Id, ct) >= options.Value.Follow.Most
            ? new InTheWay($"{options.Value.Follow.Most} addresses are the most that one member follows.") : null;

    private async Task<Outcome<byte[]>> FindHereAsync(FingerAddress who, Member member, CancellationToken ct) => who.User == member.Handle
        ? new Refusal("That is you: your own posts are in your timeline anyway.", "address")
        : await new FingerCards(db).FindAsync(who.User, ct) is null ? new Refusal($"There is nobody here by the name {who.User}.", "address") : Array.Empty<byte>();

    private async Task<Outcome<byte[]>> FetchAsync(FingerAddress who, CancellationToken ct)
    {
        var address = who.ToString();
        if (await db.Set<FingerRemote>().AnyAsync(r => r.Address == address && r.OptedOutAt != null, ct))
        {
            return new Refusal($"{address} asks not to be shown in timelines.", "address");
        }

        var fetched = await fetch.FetchAsync(who, ct);
        return (fetched.Bytes is null ? fetched.Reason : RemoteCopies.Denied(fetched.Bytes)) is { } reason ? new Refusal(reason, "address") : fetched.Bytes!;
    }

    private async Task<Refusal?> StoreAsync(FingerAddress who, byte[] answer, CancellationToken ct)
    {
        var address = who.ToString();
        var remote = await db.Set<FingerRemote>().SingleOrDefaultAsync(r => r.Address == address, ct);
        if (remote is null)
        {
            remote = new FingerRemote { Address = address, Host = who.Host };
            db.Add(remote);
        }

        await new RemoteCopies(db, notices, options, time).TakeAsync(remote, new Fetched(answer, null), ct);
        await db.SaveChangesAsync(ct);
        return remote.OptedOutAt is null ? null : new Refusal(remote.Reason!, "address");
    }

    private async Task<IReadOnlyList<FollowPage>> PagesAsync(long memberId, string? only, CancellationToken ct)
    {
        var rows = await (
            from follow in db.Set<FingerFollow>()
            where follow.MemberId == memberId && (only == null || follow.Address == only)
            join remote in db.Set<FingerRemote>() on follow.Address equals remote.Address into remotes
            from remote in remotes.DefaultIfEmpty()
            orderby follow.Address
            select new { follow, remote }).AsNoTracking().ToListAsync(ct);
        var pages = new List<FollowPage>();
        foreach (var (follow, remote) in rows.Select(r => (r.follow, r.remote)))
        {
            // A member of the house is read as everybody sees them, and has no copy.
            var shown = remote is null && FingerAddress.TryParse(follow.Address, out var who) ? await desk.ShownAsync(who.User, ct) : null;
            var reason = remote is null ? (shown is null ? $"{follow.Address} does not answer now." : null) : remote.Reason;
            pages.Add(new FollowPage(follow.Address, follow.Nick, remote?.Name ?? shown?.Card.Name ?? "", remote is null, follow.FollowedAt, remote?.FetchedAt, remote?.ChangedAt, reason));
        }

        return pages;
    }
}
