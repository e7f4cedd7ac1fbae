using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger.Homes;
using Panel.Services.Finger.Reports;
using Panel.Services.Members;

namespace Panel.Services.Finger;

/// <summary>The finger accounts of the members. A change and its audit are one transaction, and the very next answer of this node has it.</summary>
public sealed class FingerAccounts(PanelDb db, Members.Members members, AuditTrail audit, TimeProvider time, FingerDesk desk, FingerReply reply, HomeCopies homes, Takedowns takedowns)
{
    /// <summary>Plans that are kept of each member; 64 KiB each at most.</summary>
    private const int PlansKept = 100;

    private static readonly FingerParts[] Parts = [.. Enum.GetValues<FingerParts>().Where(p => int.IsPow2((int)p))];

    /// <summary>The account as its owner edits it.</summary>
    public async Task<Outcome<FingerPage>> ShowAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member
            ? Page(member, await FindAsync(member.Id, ct) ?? new FingerAccount { MemberId = member.Id })
            : new NotThere($"member {handle}");

    /// <summary>Exactly the bytes that the finger server sends for this handle at this moment.</summary>
    public async Task<Outcome<ReadOnlyMemory<byte>>> TextAsync(Actor by, string handle, bool wide, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member
            ? (await desk.AnswerAsync(new FingerQuery(member.Handle, wide, []), ct)).Bytes
            : new NotThere($"member {handle}");

    /// <summary>The bytes that the server would send if <paramref name="wanted"/> were saved now, whether or not it may be; hiding is left out.</summary>
    public async Task<Outcome<ReadOnlyMemory<byte>>> PreviewAsync(Actor by, string handle, FingerChanges wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var account = await db.Set<FingerAccount>().AsNoTracking().SingleOrDefaultAsync(a => a.MemberId == member.Id, ct) ?? new FingerAccount();
        account.Write(FingerRules.Tidy(wanted), time.GetUtcNow().UtcDateTime);
        var card = await new FingerCards(db).WithPostsAsync(member.Id, account.Card(member.Handle, member.Name), ct);
        return (ReadOnlyMemory<byte>)reply.Render(card, wide: false);
    }

    /// <summary>What the public page of a handle shows: the card and exactly the server's bytes, mostly from memory, or null alike for hidden and unknown.</summary>
    public async Task<PublicPerson?> PublicAsync(string handle, CancellationToken ct) =>
        await desk.ShownAsync(handle, ct);

    /// <summary>Earlier plans, the newest first.</summary>
    public async Task<Outcome<IReadOnlyList<FingerPlanPage>>> PlansAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var plans = await db.Set<FingerPlan>().AsNoTracking().Where(p => p.MemberId == member.Id).OrderByDescending(p => p.Id).ToListAsync(ct);
        return plans.ConvertAll(p => new FingerPlanPage(p.Id, p.WrittenAt, p.WrittenBy, p.Door, Encoding.UTF8.GetByteCount(p.Plan), p.Plan));
    }

    /// <summary>Accounts whose plan asks to be pasted into a terminal, and those that are withheld.</summary>
    public async Task<Outcome<IReadOnlyList<CarePage>>> CareAsync(Actor by, CancellationToken ct) => by.IsAdmin
        ? await db.Set<FingerAccount>().Where(a => a.Flagged != null || a.WithheldAt != null)
            .Join(db.Users.Where(m => m.RemovedAt == null), a => a.MemberId, m => m.Id, (a, m) => new { m.UserName, a.Flagged, a.WithheldAt, a.WithheldReason })
            .OrderBy(c => c.UserName).Select(c => new CarePage(c.UserName!, c.Flagged, c.WithheldAt, c.WithheldReason)).ToListAsync(ct)
        : new NotAllowed("Only an admin looks after other people's plans.");

    /// <summary>Changes what is named in <paramref name="asked"/>; safe to repeat. A control character is refused with its line and column.</summary>
    public async Task<Outcome<FingerPage>> SetAsync(Actor by, string handle, FingerChanges asked, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var wanted = FingerRules.Tidy(asked);
        if (Forbidden(by, member, wanted) is { } no)
        {
            return no;
        }

        // The clock's row is the first that everybody writes: changes queue up here, so versions and plans never cross.
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await RaiseClockAsync(db, ct);
        if (await FindAsync(member.Id, ct) is not { } account)
        {
            account = new FingerAccount { MemberId = member.Id };
            db.Add(account);
        }

        if (wanted.Version is { } based && based != account.Version)
        {
            return new InTheWay("Somebody changed this finger account since you opened it. Nothing of theirs or yours is lost: compare, then save again.", "version");
        }

        var before = Page(member, account);
        account.Write(wanted, time.GetUtcNow().UtcDateTime);
        var answered = account.WithheldAt is not null && wanted.Withheld == true ? await takedowns.TakeDownAsync(by, member, account.WithheldReason, !before.Withheld, ct) : 0;
        (string Field, string? Old, string? New)[] changes = [.. Differences(before, Page(member, account)), .. Answered(answered)];
        if (changes.Length == 0)
        {
            return before;
        }

        audit.Add(by, member.Id, "finger.set", member.Handle, changes);
        await KeepPlanAsync(by, account, before.Plan, ct);
        await KeepWordsAsync(member, account, ct);
        await homes.TouchAsync(member.Id, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Forget();
        if (wanted.Withheld == true)
        {
            takedowns.Wake();
        }

        return Page(member, account);
    }

    /// <summary>Tells all nodes that what they keep is old, once the transaction is through.</summary>
    internal static Task RaiseClockAsync(PanelDb db, CancellationToken ct) =>
        db.Set<FingerClock>().Where(c => c.Id == FingerClock.OnlyId).ExecuteUpdateAsync(set => set.SetProperty(c => c.Number, c => c.Number + 1), ct);

    private static Refusal? Forbidden(Actor by, Member member, FingerChanges wanted) => (wanted.Withheld, member.RemovedAt) switch
    {
        (not null, _) when !by.IsAdmin || by.Door == Door.Agent => new NotAllowed("Only an admin withholds a finger account or gives it back."),
        (_, not null) => new InTheWay($"{member.Handle} was removed, so nobody can finger that handle any more."),
        _ => FingerRules.Check(wanted),
    };

    private static IEnumerable<(string Field, string? Old, string? New)> Answered(int reports) =>
        reports > 0 ? [("openReports", reports.ToString(CultureInfo.InvariantCulture), "0")] : [];

    private static IEnumerable<(string Field, string? Old, string? New)> Differences(FingerPage old, FingerPage now)
    {
        (string, string?, string?)[] all =
        [
            ("name", old.Name, now.Name), ("webPage", old.WebPage, now.WebPage), ("project", old.Project, now.Project),
            ("plan", Short(old.Plan), Short(now.Plan)), ("hidden", YesNo(old.Hidden), YesNo(now.Hidden)), ("withheld", YesNo(old.Withheld), YesNo(now.Withheld)), ("withheldReason", old.WithheldReason, now.WithheldReason),
            ("listed", YesNo(old.Listed), YesNo(now.Listed)), ("shows", string.Join(", ", old.Shows), string.Join(", ", now.Shows)),
        ];
        return all.Where(c => c.Item2 != c.Item3);
    }

    /// <summary>The audit says which plan it was; the whole of it is among the plans that are kept.</summary>
    private static string Short(string plan) => plan.Length <= 200
        ? plan
        : string.Create(CultureInfo.InvariantCulture, $"{plan.AsSpan(0, char.IsHighSurrogate(plan[199]) ? 199 : 200)}... ({Encoding.UTF8.GetByteCount(plan)} bytes, SHA-256 {Hash(plan)})");

    private static string Hash(string plan) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(plan)))[..16];

    private static string YesNo(bool yes) => yes ? "yes" : "no";

    private async Task KeepPlanAsync(Actor by, FingerAccount account, string before, CancellationToken ct)
    {
        if (account.Plan == before)
        {
            return;
        }

        var plans = db.Set<FingerPlan>().Where(p => p.MemberId == account.MemberId);
        var oldest = await plans.OrderByDescending(p => p.Id).Skip(PlansKept - 1).Select(p => (long?)p.Id).FirstOrDefaultAsync(ct);
        await plans.Where(p => p.Id <= oldest).ExecuteDeleteAsync(ct);
        db.Add(new FingerPlan
        {
            MemberId = account.MemberId,
            Plan = account.Plan,
            WrittenAt = account.PlanWrittenAt!.Value,
            WrittenBy = by.Name,
            Door = by.Door,
        });
    }

    private async Task KeepWordsAsync(Member member, FingerAccount account, CancellationToken ct)
    {
        await db.Set<FingerWord>().Where(w => w.MemberId == account.MemberId).ExecuteDeleteAsync(ct);
        if (account is { ListedAt: not null, Answers: true })
        {
            var words = FingerRules.Words(FingerRules.NameOf(account.Name, member.Name, member.Handle));
            db.AddRange(words.Select(w => new FingerWord { Word = w, MemberId = account.MemberId }));
        }
    }

    private Task<FingerAccount?> FindAsync(long memberId, CancellationToken ct) =>
        db.Set<FingerAccount>().SingleOrDefaultAsync(a => a.MemberId == memberId, ct);

    private FingerPage Page(Member member, FingerAccount account) => new(
        member.Handle, reply.AddressOf(member.Handle), FingerRules.NameOf(account.Name, member.Name, member.Handle), account.WebPage, account.Project,
        account.Plan, account.PlanWrittenAt, account.HiddenAt is not null, account.WithheldAt is not null, account.ListedAt is not null,
        [.. Parts.Where(p => account.Shows.HasFlag(p))], account.Version, account.WithheldReason);
}
