using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Services.Finger.Homes;

/// <param name="Other">The file's text, when it and the panel's both changed; the member chooses.</param>
/// <param name="Problem">Why the file was not taken over.</param>
public sealed record HomePage(string File, string? Other, string? Problem, DateTime ToldAt);

/// <summary>Which of two texts stays.</summary>
public enum HomeSide { File, Panel }

public sealed record HomeChoice(HomeSide Keep);

/// <summary>Takes over what members write into their own <c>~/.plan</c> and <c>~/.project</c>, as everybody did until 2010. A text that
/// changed on both sides is never lost: both are kept, and nothing is written until the member has chosen.</summary>
public sealed class Homes(
    PanelDb db, Members.Members members, FingerAccounts accounts, FingerPosts posts, HomeTexts texts, HomeCopies copies, AuditTrail audit, FingerDesk desk, TimeProvider time)
{
    /// <summary>New messages that are taken out of one file.</summary>
    private const int MostPosts = 500;

    /// <summary>The same words within this time are the same post: a writer's clock and ours may differ.</summary>
    private static readonly TimeSpan SamePost = TimeSpan.FromHours(1);

    /// <summary>What the member has to look at.</summary>
    public async Task<Outcome<IReadOnlyList<HomePage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var rows = await db.Set<FingerHome>().AsNoTracking().Where(h => h.MemberId == member.Id).OrderBy(h => h.File).ToListAsync(ct);
        return rows.ConvertAll(h => new HomePage(h.File, h.Other, h.Problem, h.ToldAt));
    }

    /// <summary>Ends a conflict: the file's text becomes the panel's (<paramref name="takeFile"/>), or the panel's is written into the home.</summary>
    public async Task<Outcome<Done>> SetAsync(Actor by, string handle, string file, bool takeFile, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<FingerHome>().SingleOrDefaultAsync(h => h.MemberId == member.Id && h.File == file, ct) is not { IsHeld: true } home)
        {
            return new NotThere($"file {file} that waits for a choice");
        }

        if (takeFile && home.Other is null)
        {
            return new InTheWay($"~/.{file} cannot be taken over: {home.Problem}");
        }

        if (takeFile && (await accounts.SetAsync(by, handle, Change(file, home.Other!), ct)).Refused is { } no)
        {
            return no;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        audit.Add(by, member.Id, "home.choose", $".{file}", ("kept", null, takeFile ? "the file" : "the panel's text"));
        home.Agreed = home.Other is { } other ? HomeTexts.HashOf(other) : home.Agreed;
        (home.Other, home.Problem) = (null, null);
        await copies.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    /// <summary>From the agent of a host: files that have changed there. Safe to repeat; members of other hosts are not its business.</summary>
    public async Task<Outcome<Done>> TakeAsync(long host, IReadOnlyList<HomeReport> reports, CancellationToken ct)
    {
        foreach (var told in reports.Where(r => r.File is FingerHome.Plan or FingerHome.Project))
        {
            if (Told.Of(told) is not { } report)
            {
                continue;
            }

            if (await db.Users.AsNoTracking().SingleOrDefaultAsync(m =>
                m.UserName == report.Handle && m.RemovedAt == null && m.SuspendedAt == null && db.Set<Placement>().Any(p => p.MemberId == m.Id && p.HostId == host), ct) is { } member)
            {
                await TakeAsync(member, report, ct);
                db.ChangeTracker.Clear();
            }
        }

        return Done.It;
    }

    private static FingerChanges Change(string file, string text) => file == FingerHome.Plan ? new FingerChanges(Plan: text) : new FingerChanges(Project: text);

    private async Task TakeAsync(Member member, Told report, CancellationToken ct)
    {
        var seen = report.Problem is null ? HomeTexts.Hash(report.Content) : "!";
        var home = await db.Set<FingerHome>().AsNoTracking().SingleOrDefaultAsync(h => h.MemberId == member.Id && h.File == report.File, ct);
        var card = await texts.CardAsync(member.Id, ct);
        var ours = (report.File == FingerHome.Plan ? card.Plan : card.Project) ?? "";
        if (seen == HomeTexts.Hash(Encoding.UTF8.GetBytes(texts.Of(card, report.File))) || (seen.Length == 0 && texts.Of(card, report.File).Length == 0))
        {
            await KeepAsync(member, home, new FingerHome { File = report.File, Seen = seen, Agreed = HomeTexts.HashOf(ours) }, [], ct);
            return;
        }

        if (seen == home?.Seen && report.Problem == home.Problem)
        {
            return;
        }

        var (theirs, fresh, problem) = Read(report);
        problem ??= FingerRules.Check(Change(report.File, theirs))?.Message;
        var agreed = home?.Agreed ?? HomeTexts.HashOf("");
        var (oursHash, theirsHash) = (HomeTexts.HashOf(ours), HomeTexts.HashOf(theirs));
        string? other = null;
        if (problem is null && theirsHash != agreed && theirsHash != oursHash)
        {
            if (oursHash != agreed)
            {
                // An older text of the panel's own, which the agent wrote just before the next change, is no change of the member's.
                var old = await IsEarlierAsync(member.Id, report.File, theirsHash, ct);
                (agreed, other) = old ? (theirsHash, null) : (agreed, theirs);
            }
            else
            {
                problem = (await accounts.SetAsync(Agent(member), member.Handle, Change(report.File, theirs), ct)).Refused?.Message;
                agreed = problem is null ? theirsHash : agreed;
            }
        }
        else if (problem is null && theirsHash == oursHash)
        {
            agreed = theirsHash;
        }

        db.ChangeTracker.Clear();
        await KeepAsync(member, home, new FingerHome { File = report.File, Seen = seen, Agreed = agreed, Other = other, Problem = problem }, fresh, ct);
    }

    private async Task<bool> IsEarlierAsync(long memberId, string file, string hash, CancellationToken ct) => file == FingerHome.Plan &&
        (await db.Set<FingerPlan>().Where(p => p.MemberId == memberId).OrderByDescending(p => p.Id).Take(5).Select(p => p.Plan).ToListAsync(ct)).Exists(p => HomeTexts.HashOf(p) == hash);

    /// <summary>The free text of the file, the messages of its Thimbl part, and what is in the way of taking it over.</summary>
    private static (string Text, IReadOnlyList<ThimblMessage> Messages, string? Problem) Read(Told report)
    {
        if (report.Problem is not null || report.Content is null)
        {
            return ("", [], report.Problem);
        }

        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(report.Content).TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal);
        }
        catch (DecoderFallbackException wrong)
        {
            return ("", [], $"~/.{report.File} is not UTF-8: byte {wrong.Index + 1} is 0x{wrong.BytesUnknown?.FirstOrDefault():X2}.");
        }

        if (report.File == FingerHome.Project)
        {
            // Servers have always shown the first line only.
            return (text.Split('\n', 2)[0].Trim(), [], null);
        }

        var plan = ThimblReader.ReadPlan(text);
        var tooLong = plan.Messages.Count(m => m.Text.Length > PostRules.Longest);
        return (plan.IsThimbl ? plan.Plan : text, plan.Messages, plan.Wrong is not null ? plan.Wrong
            : tooLong > 0 ? $"{tooLong} of the messages in ~/.plan have more than {PostRules.Longest} characters." : null);
    }

    private static Actor Agent(Member member) => new(member.Id, member.Handle, false, Door.Agent);

    private async Task KeepAsync(Member member, FingerHome? before, FingerHome now, IReadOnlyList<ThimblMessage> messages, CancellationToken ct)
    {
        if (before is not null && (before.Seen, before.Agreed, before.Other, before.Problem) == (now.Seen, now.Agreed, now.Other, now.Problem) && messages.Count == 0)
        {
            return;
        }

        var at = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await FingerAccounts.RaiseClockAsync(db, ct);
        var home = await db.Set<FingerHome>().SingleOrDefaultAsync(h => h.MemberId == member.Id && h.File == now.File, ct);
        if (home is null)
        {
            home = new FingerHome { MemberId = member.Id, File = now.File };
            db.Add(home);
        }

        if (now.Other is { } other && other != home.Other && now.File == FingerHome.Plan)
        {
            db.Add(new FingerPlan { MemberId = member.Id, Plan = other, WrittenAt = at, WrittenBy = member.Handle, Door = Door.Agent });
        }

        (home.Seen, home.Agreed, home.Other, home.Problem, home.ToldAt) = (now.Seen, now.Agreed, now.Other, now.Problem, at);
        await AddPostsAsync(member, messages, at, ct);
        await db.SaveChangesAsync(ct);
        if (!home.IsHeld && home.Seen != HomeTexts.Hash(Encoding.UTF8.GetBytes(texts.Of(await texts.CardAsync(member.Id, ct), now.File))))
        {
            await copies.TouchAsync(member.Id, ct);
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Forget();
    }

    private async Task AddPostsAsync(Member member, IReadOnlyList<ThimblMessage> messages, DateTime now, CancellationToken ct)
    {
        if (messages.Count == 0)
        {
            return;
        }

        var known = (await db.Set<FingerPost>().Where(p => p.MemberId == member.Id).Select(p => new { p.Text, p.PostedAt }).ToListAsync(ct)).ToLookup(p => p.Text, p => p.PostedAt);
        foreach (var message in messages.Where(m => PostRules.Check(m.Text) is null).Take(MostPosts).Reverse())
        {
            var at = message.At < now ? message.At : now;
            if (!known[message.Text].Any(k => (k - at).Duration() < SamePost || message.At > now))
            {
                await posts.PutAsync(Agent(member), member, message.Text, at, null, ct);
            }
        }
    }

    /// <summary>A report with its bytes; null when they are no base64 or more than the agent may send.</summary>
    private sealed record Told(string Handle, string File, byte[]? Content, string? Problem)
    {
        public static Told? Of(HomeReport report)
        {
            if (report.Content is null)
            {
                return new Told(report.Handle, report.File, null, report.Problem);
            }

            var bytes = new byte[HomeTexts.MostBytes];
            return Convert.TryFromBase64String(report.Content, bytes, out var length) ? new Told(report.Handle, report.File, bytes[..length], report.Problem) : null;
        }
    }
}
