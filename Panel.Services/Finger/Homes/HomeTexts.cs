using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Services.Finger.Homes;

/// <summary>What the members' <c>~/.plan</c> and <c>~/.project</c> should say: the same text that finger sends, whole, also of parts that are
/// not shown.</summary>
public sealed class HomeTexts(PanelDb db, FingerReply reply)
{
    /// <summary>What the agent reads of a file, so that what we write is read back whole.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>For those of the members whose files are not yet as they should be and wait for nobody.</summary>
    internal async Task<IReadOnlyDictionary<long, HomeState>> WantedAsync(IQueryable<long> members, CancellationToken ct)
    {
        var wanted = new Dictionary<long, HomeState>();
        var writing = await db.Users.Where(m => members.Contains(m.Id) && m.RemovedAt == null && m.SuspendedAt == null &&
            (db.Set<FingerAccount>().Any(a => a.MemberId == m.Id) || db.Set<FingerPost>().Any(p => p.MemberId == m.Id))).Select(m => m.Id).ToListAsync(ct);
        var known = (await db.Set<FingerHome>().AsNoTracking().Where(h => members.Contains(h.MemberId)).ToListAsync(ct)).ToLookup(h => h.MemberId);
        foreach (var id in writing)
        {
            var card = await CardAsync(id, ct);
            var state = new HomeState(FileOf(known[id], FingerHome.Plan, card), FileOf(known[id], FingerHome.Project, card));
            if (state is not { Plan: null, Project: null })
            {
                wanted[id] = state;
            }
        }

        return wanted;
    }

    internal async Task<FingerCard> CardAsync(long memberId, CancellationToken ct)
    {
        var member = await db.Users.AsNoTracking().SingleAsync(m => m.Id == memberId, ct);
        var account = await db.Set<FingerAccount>().AsNoTracking().SingleOrDefaultAsync(a => a.MemberId == memberId, ct) ?? new FingerAccount();
        return await new FingerCards(db).WithPostsAsync(memberId, account.Card(member.Handle, member.Name) with { Shows = FingerParts.All }, ct);
    }

    internal string Of(FingerCard card, string file)
    {
        var text = file == FingerHome.Plan ? ThimblWriter.Plan(card, reply.AddressOf(card.Handle), MostBytes) : card.Project ?? "";
        return text.Length == 0 || text.EndsWith('\n') ? text : text + "\n";
    }

    internal static string Hash(byte[]? content) => content is null ? "" : Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Of a text for people: line ends before and after it do not count.</summary>
    internal static string HashOf(string text) => Hash(Encoding.UTF8.GetBytes(text.Trim('\n')));

    private HomeFile? FileOf(IEnumerable<FingerHome> known, string file, FingerCard card)
    {
        var (home, text) = (known.FirstOrDefault(h => h.File == file), Of(card, file));
        var seen = home?.Seen ?? "";
        return home is { IsHeld: true } || seen == Hash(Encoding.UTF8.GetBytes(text)) || (text.Length == 0 && seen.Length == 0) ? null : new HomeFile(text, seen);
    }
}
