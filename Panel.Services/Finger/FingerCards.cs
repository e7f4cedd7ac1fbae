using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Services.Finger;

/// <summary>Reads from the store what everybody may be told. Who is hidden, withheld, suspended or removed is not found, by the same queries as who never was.</summary>
internal sealed class FingerCards(PanelDb db)
{
    /// <summary>Posts in one answer.</summary>
    private const int MostPosts = 500;

    /// <summary>The card behind exactly this handle, or null.</summary>
    public async Task<FingerCard?> FindAsync(string handle, CancellationToken ct)
    {
        // Reserved names too: whoever has one already keeps it.
        if (handle.Length > 31 || !handle.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            return null;
        }

        var found = await (
            from member in Active()
            where member.UserName == handle
            join account in db.Set<FingerAccount>() on member.Id equals account.MemberId into accounts
            from account in accounts.DefaultIfEmpty()
            where account == null || (account.HiddenAt == null && account.WithheldAt == null)
            select new { member.Id, member.Name, Account = account }).AsNoTracking().SingleOrDefaultAsync(ct);
        return found is null ? null : await WithPostsAsync(found.Id, (found.Account ?? new FingerAccount()).Card(handle, found.Name), ct);
    }

    /// <summary>The card with the posts that an answer may have, whom the member follows, and the fingerprints of the keys.</summary>
    public async Task<FingerCard> WithPostsAsync(long memberId, FingerCard card, CancellationToken ct)
    {
        card = card with
        {
            Keys = await db.Set<SshKey>().Where(k => k.MemberId == memberId).OrderBy(k => k.Id).Select(k => k.Fingerprint + " (" + k.Type + ")").ToListAsync(ct),
        };
        var posts = await db.Set<FingerPost>().Where(p => p.MemberId == memberId).OrderByDescending(p => p.PostedAt).Take(MostPosts)
            .Select(p => new PostLine(p.Id, p.Text, p.PostedAt)).ToListAsync(ct);
        return posts.Count == 0 ? card : card with
        {
            Posts = posts,
            Following = await db.Set<FingerFollow>().Where(f => f.MemberId == memberId).OrderBy(f => f.Address)
                .Select(f => new ThimblFollowing(f.Nick, f.Address)).ToListAsync(ct),
        };
    }

    /// <summary>Listed members one of whose names, or whose whole name, is this; in the order of their handles.</summary>
    public async Task<IReadOnlyList<FingerCard>> NamedAsync(string name, int most, CancellationToken ct)
    {
        // Control characters are in nobody's name, and PostgreSQL refuses NUL even in a question.
        if (name.Length > FingerRules.NameLength || name.Any(char.IsControl))
        {
            return [];
        }

        var word = FingerRules.Fold(name);
        return await CardsAsync(Listed().Where(a => db.Set<FingerWord>().Any(w => w.Word == word && w.MemberId == a.MemberId)), most, ct);
    }

    /// <summary>Everybody who chose to be listed, in the order of their handles.</summary>
    public Task<IReadOnlyList<FingerCard>> ListedAsync(int most, CancellationToken ct) => CardsAsync(Listed(), most, ct);

    public Task<long> ClockAsync(CancellationToken ct) =>
        db.Set<FingerClock>().Where(c => c.Id == FingerClock.OnlyId).Select(c => c.Number).SingleAsync(ct);

    private IQueryable<Member> Active() => db.Users.Where(m => m.SuspendedAt == null && m.RemovedAt == null);

    private IQueryable<FingerAccount> Listed() =>
        db.Set<FingerAccount>().Where(a => a.ListedAt != null && a.HiddenAt == null && a.WithheldAt == null);

    private async Task<IReadOnlyList<FingerCard>> CardsAsync(IQueryable<FingerAccount> accounts, int most, CancellationToken ct)
    {
        // A list shows names only, so the plans stay in the database.
        var found = await accounts
            .Join(Active(), a => a.MemberId, m => m.Id, (a, m) => new { Handle = m.UserName!, a.Name, Own = m.Name })
            .OrderBy(f => f.Handle).Take(most).ToListAsync(ct);
        return found.ConvertAll(f => new FingerCard(f.Handle, FingerRules.NameOf(f.Name, f.Own, f.Handle)));
    }
}
