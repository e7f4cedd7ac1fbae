using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Homes;
using Panel.Services.Members;

namespace Panel.Services.Finger.Posts;

/// <summary>The posts of the members. A new one is in finger, on the page and in every feed with the very next answer.</summary>
public sealed class FingerPosts(
    PanelDb db, Members.Members members, AuditTrail audit, TimeProvider time, FingerDesk desk, FingerReply reply, HomeCopies homes, Notices notices)
{
    /// <summary>Posts on one page of a list.</summary>
    public const int PageSize = 100;

    /// <summary>The newest first; <paramref name="before"/> is the id to go on from.</summary>
    public async Task<Outcome<IReadOnlyList<PostPage>>> ListAsync(Actor by, string handle, long? before, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var posts = await db.Set<FingerPost>().AsNoTracking().Where(p => p.MemberId == member.Id && (before == null || p.Id < before))
            .OrderByDescending(p => p.Id).Take(PageSize).ToListAsync(ct);
        return posts.ConvertAll(p => Page(member, p));
    }

    /// <summary>Posts now. Two posts of one member never have the same second.</summary>
    public async Task<Outcome<PostPage>> AddAsync(Actor by, string handle, NewPost wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var text = PostRules.Tidy(wanted.Text);
        if ((member.RemovedAt is null ? PostRules.Check(text) : new InTheWay($"{handle} was removed.")) is { } no)
        {
            return no;
        }

        FingerAddress? replyTo = null;
        if (!string.IsNullOrWhiteSpace(wanted.ReplyTo) && !FingerAddress.TryParse(wanted.ReplyTo, out replyTo))
        {
            return new Refusal("A reply is to an address like ann@collective.example.", "replyTo");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        var now = time.GetUtcNow().UtcDateTime;
        var hour = now.AddHours(-1);
        if (await db.Set<FingerPost>().CountAsync(p => p.MemberId == member.Id && p.PostedAt > hour, ct) >= PostRules.MostPerHour)
        {
            return new InTheWay($"{PostRules.MostPerHour} posts in an hour are the most. Please go on later.");
        }

        var post = await PutAsync(by, member, text, now, replyTo?.ToString(), ct);
        await homes.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Forget();
        return Page(member, post);
    }

    /// <summary>Takes a post back: it is gone from every door. What others fetched before stays with them.</summary>
    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, long id, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<FingerPost>().SingleOrDefaultAsync(p => p.Id == id && p.MemberId == member.Id, ct) is not { } post)
        {
            return new NotThere($"post {id}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        db.Remove(post);
        await notices.ForgetAsync(reply.AddressOf(member.Handle), post.PostedAt, ct);
        audit.Add(by, member.Id, "post.remove", PostRules.Stamp(post.PostedAt), ("text", post.Text, null));
        await homes.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Forget();
        return Done.It;
    }

    /// <summary>Adds the post to the caller's transaction, which has raised the clock.</summary>
    internal async Task<FingerPost> PutAsync(Actor by, Member member, string text, DateTime at, string? replyTo, CancellationToken ct)
    {
        at = Second(at);
        var after = await db.Set<FingerPost>().Where(p => p.MemberId == member.Id && p.PostedAt >= at).Select(p => p.PostedAt).ToListAsync(ct);
        while (after.Contains(at))
        {
            at = at.AddSeconds(1);
        }

        var post = new FingerPost { MemberId = member.Id, Text = text, PostedAt = at, ReplyTo = replyTo, WrittenBy = by.Name, Door = by.Door };
        db.Add(post);
        audit.Add(by, member.Id, "post.add", PostRules.Stamp(at), ("text", null, text));
        await db.SaveChangesAsync(ct);
        await notices.OfLocalAsync(member, post, ct);
        return post;
    }

    internal static DateTime Second(DateTime at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));

    private PostPage Page(Member member, FingerPost post) => new(
        post.Id, reply.AddressOf(member.Handle), post.Text, post.PostedAt, post.ReplyTo, reply.UrlOf(member.Handle, post.Id),
        PostRules.TagOf(reply.Host, member.Handle, post.Id, post.PostedAt));
}
