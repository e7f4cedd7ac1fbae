using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;
using Panel.Services.Members;

namespace Panel.Services.Finger.Following;

public sealed record NoticePage(long Id, string Address, string Text, DateTime At, DateTime? SeenAt);

/// <summary>Tells members when somebody, here or elsewhere, mentioned them.</summary>
public sealed class Notices(PanelDb db, Members.Members members, IOptions<FingerOptions> options, TimeProvider time)
{
    private const int PageSize = 100;

    /// <summary>A message that was this old when it was first read is no news.</summary>
    private static readonly TimeSpan News = TimeSpan.FromDays(30);

    public async Task<Outcome<IReadOnlyList<NoticePage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var notices = await db.Set<FingerNotice>().AsNoTracking().Where(n => n.MemberId == member.Id).OrderByDescending(n => n.Id).Take(PageSize).ToListAsync(ct);
        return notices.ConvertAll(n => new NoticePage(n.Id, n.Address, n.Text, n.PostedAt, n.SeenAt));
    }

    /// <summary>The member has looked at all of them. Reading one's own mail is no change worth an audit entry.</summary>
    public async Task<Outcome<Done>> SeeAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var now = time.GetUtcNow().UtcDateTime;
        await db.Set<FingerNotice>().Where(n => n.MemberId == member.Id && n.SeenAt == null).ExecuteUpdateAsync(set => set.SetProperty(n => n.SeenAt, now), ct);
        return Done.It;
    }

    /// <summary>In the caller's transaction: notices of a post that was written here.</summary>
    internal async Task OfLocalAsync(Member author, FingerPost post, CancellationToken ct)
    {
        if (!post.Text.Contains('@', StringComparison.Ordinal))
        {
            return;
        }

        var nicks = await db.Set<FingerFollow>().Where(f => f.MemberId == author.Id).ToListAsync(ct);
        var named = PostWords.Mentions(post.Text, nick => nicks.Find(f => f.Nick == nick)?.Address ?? Here(nick));
        await AddAsync(new ThimblMessage(post.Text, post.PostedAt), $"{author.Handle}@{options.Value.Host}", named, author.Id, ct);
    }

    /// <summary>In the caller's transaction: notices of messages that were read elsewhere for the first time.</summary>
    internal async Task OfRemoteAsync(string author, IEnumerable<ThimblMessage> messages, IReadOnlyList<ThimblFollowing> following, CancellationToken ct)
    {
        var since = time.GetUtcNow().UtcDateTime - News;
        foreach (var message in messages.Where(m => m.At > since && m.Text.Contains('@', StringComparison.Ordinal)))
        {
            var named = PostWords.Mentions(message.Text, nick => following.FirstOrDefault(f => f.Nick == nick)?.Address);
            await AddAsync(message, author, named, null, ct);
        }
    }

    internal Task ForgetAsync(string author, DateTime at, CancellationToken ct) =>
        db.Set<FingerNotice>().Where(n => n.Address == author && n.PostedAt == at).ExecuteDeleteAsync(ct);

    private async Task AddAsync(ThimblMessage message, string author, IReadOnlyList<string> named, long? authorId, CancellationToken ct)
    {
        var handles = named.Select(HandleOrNull).OfType<string>().Distinct().ToList();
        if (handles.Count == 0)
        {
            return;
        }

        var told = await db.Users.Where(m => handles.Contains(m.UserName!) && m.RemovedAt == null && m.Id != authorId).Select(m => m.Id).ToListAsync(ct);
        foreach (var id in told)
        {
            if (!await db.Set<FingerNotice>().AnyAsync(n => n.MemberId == id && n.Address == author && n.PostedAt == message.At, ct))
            {
                db.Add(new FingerNotice { MemberId = id, Address = author, Text = message.Text, PostedAt = message.At });
            }
        }

        await db.SaveChangesAsync(ct);
    }

    private string Here(string nick) => $"{nick}@{options.Value.Host}";

    private string? HandleOrNull(string address) =>
        FingerAddress.TryParse(address, out var parsed) && parsed.IsAt(options.Value.Host) ? parsed.User : null;
}
