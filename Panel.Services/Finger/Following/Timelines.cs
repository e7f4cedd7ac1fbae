using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Finger.Posts;
using Panel.Services.Members;

// In a query, ToLower is the database's own lower().
#pragma warning disable CA1304, CA1311, CA1862

namespace Panel.Services.Finger.Following;

/// <summary>What of a timeline to show.</summary>
/// <param name="Before">Only what is older: the time of the last entry of the page before.</param>
/// <param name="Tag">Only posts with this tag, without its mark.</param>
/// <param name="Search">Only posts with these letters in them.</param>
public sealed record TimelineQuery(DateTime? Before = null, string? Tag = null, string? Search = null);

/// <param name="Nick">What the reader calls the author.</param>
/// <param name="Here">The author is a member of this house.</param>
/// <param name="Url">Where the post stands: a page here, or the author's finger address.</param>
/// <param name="Words">The text in pieces: mentions, tags and links found.</param>
public sealed record TimelineEntry(
    string Id, string Address, string Nick, string Name, string Text, DateTime At, string? ReplyTo, bool Here, string Url, IReadOnlyList<PostWord> Words)
{
    /// <summary>The post's own id where it was written here; by it its author takes it back.</summary>
    public long? PostId { get; init; }
}

/// <summary>Posts of many people merged by time, the newest first.</summary>
public sealed class Timelines(PanelDb db, Members.Members members, FingerReply reply, IOptions<FingerOptions> options)
{
    public const int PageSize = 50;

    /// <summary>A member's own timeline: theirs and those of everybody they follow.</summary>
    public async Task<Outcome<IReadOnlyList<TimelineEntry>>> OwnAsync(Actor by, string handle, TimelineQuery asked, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var follows = await db.Set<FingerFollow>().AsNoTracking().Where(f => f.MemberId == member.Id).ToListAsync(ct);
        var here = follows.Select(f => FingerAddress.TryParse(f.Address, out var a) && a.IsAt(options.Value.Host) ? a.User : null).OfType<string>().Append(member.Handle).ToList();
        var nicks = follows.GroupBy(f => f.Address).ToDictionary(g => g.Key, g => g.First().Nick);
        var local = await LocalAsync(m => here.Contains(m.UserName!), member.Id, asked, ct);
        var remote = await RemoteAsync(db.Set<FingerFollow>().Where(f => f.MemberId == member.Id), asked, ct);
        return await MergeAsync([.. local, .. remote], nicks, ct);
    }

    /// <summary>The collective's timeline: everybody here who answers and has not asked to be left out. It is for the house only.</summary>
    public async Task<Outcome<IReadOnlyList<TimelineEntry>>> HouseAsync(Actor by, TimelineQuery asked, CancellationToken ct) => by is { IsAdmin: false, MemberId: null }
        ? new NotAllowed("The timeline of the house is for those who live in it.")
        : await MergeAsync(await LocalAsync(_ => true, null, asked, ct), [], ct);

    private async Task<List<TimelineEntry>> LocalAsync(System.Linq.Expressions.Expression<Func<Member, bool>> who, long? self, TimelineQuery asked, CancellationToken ct)
    {
        var posts = Filtered(db.Set<FingerPost>(), asked);
        var found = await (
            from post in posts
            join member in db.Users.Where(who) on post.MemberId equals member.Id
            join account in db.Set<FingerAccount>() on member.Id equals account.MemberId into accounts
            from account in accounts.DefaultIfEmpty()
            where member.RemovedAt == null && member.SuspendedAt == null && (member.Id == self ||
                account == null || (account.HiddenAt == null && account.WithheldAt == null && (self != null || !account.Plan.ToLower().Contains("timeline: no"))))
            orderby post.PostedAt descending
            select new { post, member.UserName, Own = member.Name, account!.Name, Shows = (FingerParts?)account.Shows }).AsNoTracking().Take(PageSize).ToListAsync(ct);
        return [.. found.Where(f => f.post.MemberId == self || f.Shows is not { } shows || shows.HasFlag(FingerParts.LastPost)).Select(f => new TimelineEntry(
            PostRules.TagOf(reply.Host, f.UserName!, f.post.Id, f.post.PostedAt), reply.AddressOf(f.UserName!), f.UserName!, FingerRules.NameOf(f.Name ?? "", f.Own, f.UserName!),
            f.post.Text, f.post.PostedAt, f.post.ReplyTo, true, reply.UrlOf(f.UserName!, f.post.Id), []) { PostId = f.post.Id })];
    }

    private async Task<List<TimelineEntry>> RemoteAsync(IQueryable<FingerFollow> follows, TimelineQuery asked, CancellationToken ct)
    {
        var posts = db.Set<FingerRemotePost>().Where(p => follows.Any(f => f.Address == p.Address));
        posts = asked.Before is { } before ? posts.Where(p => p.PostedAt < before) : posts;
        posts = Letters(asked) is { } letters ? posts.Where(p => p.Text.ToLower().Contains(letters)) : posts;
        var found = await posts.Join(db.Set<FingerRemote>(), p => p.Address, r => r.Address, (p, r) => new { p, r.Name })
            .OrderByDescending(f => f.p.PostedAt).Take(PageSize).AsNoTracking().ToListAsync(ct);
        return found.ConvertAll(f => new TimelineEntry(
            $"{f.p.Address} {PostRules.Stamp(f.p.PostedAt)} {f.p.Digest[..8]}", f.p.Address, f.p.Address.Split('@')[0], f.Name, f.p.Text, f.p.PostedAt, null, false,
            FingerAddress.TryParse(f.p.Address, out var who) ? who.Link : "", []));
    }

    private async Task<Outcome<IReadOnlyList<TimelineEntry>>> MergeAsync(List<TimelineEntry> entries, Dictionary<string, string> nicks, CancellationToken ct)
    {
        var authors = entries.Where(e => e.Here).Select(e => e.Nick).Distinct().ToList();
        var theirs = await db.Set<FingerFollow>().Join(db.Users.Where(m => authors.Contains(m.UserName!)), f => f.MemberId, m => m.Id, (f, m) => new { m.UserName, f.Nick, f.Address })
            .AsNoTracking().ToListAsync(ct);
        var handles = entries.Where(e => e.Here).SelectMany(e => e.Text.Split(' ')).Where(w => w.StartsWith('@')).Select(w => w.Trim('@', ',', ':', '.', ';', '!', '?')).Distinct().ToList();
        var known = (await db.Users.Where(m => handles.Contains(m.UserName!)).Select(m => m.UserName!).ToListAsync(ct)).ToHashSet(StringComparer.Ordinal);
        string? Resolve(TimelineEntry entry, string nick) => !entry.Here ? null
            : theirs.Find(f => f.UserName == entry.Address.Split('@')[0] && f.Nick == nick)?.Address ?? (known.Contains(nick) ? reply.AddressOf(nick) : null);
        return Outcome.Of<IReadOnlyList<TimelineEntry>>([.. entries.OrderByDescending(e => e.At).ThenBy(e => e.Id, StringComparer.Ordinal).Take(PageSize).Select(e => e with
        {
            Nick = nicks.GetValueOrDefault(e.Address, e.Nick),
            Words = PostWords.Of(e.Text, nick => Resolve(e, nick)),
        })]);
    }

    private static IQueryable<FingerPost> Filtered(IQueryable<FingerPost> posts, TimelineQuery asked)
    {
        posts = asked.Before is { } before ? posts.Where(p => p.PostedAt < before) : posts;
        return Letters(asked) is { } letters ? posts.Where(p => p.Text.ToLower().Contains(letters)) : posts;
    }

    private static string? Letters(TimelineQuery asked) =>
        asked.Tag is { Length: > 0 } tag ? $"#{tag.TrimStart('#').ToLowerInvariant()}" : asked.Search is { Length: > 0 } search ? search.ToLowerInvariant() : null;
}
