using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>One side of the comparison of a move.</summary>
public sealed record MoveSide(long Files, long Bytes, string Sha256, IReadOnlyList<MovedDatabase> Databases);

/// <summary>Both sides as they were while nobody could write; <paramref name="Same"/> when nothing at all differs, else <paramref name="Differences"/>.
/// <paramref name="Left"/> says what was not carried, and why.</summary>
public sealed record MoveComparison(bool Same, IReadOnlyList<string> Differences, MoveSide From, MoveSide To, IReadOnlyList<string> Left);

/// <summary>A move as admins see it. <paramref name="State"/> is a word of <see cref="MoveState"/>; <paramref name="CopyUntil"/> is when the old copy goes.</summary>
public sealed record MovePage(
    long Id, string Handle, string From, string To, string State, string? Reason, string AskedBy, DateTime AskedAt, DateTime? SwitchedAt, DateTime? CopyUntil,
    MoveComparison? Report, IReadOnlyList<string> Steps);

/// <summary>Accounts that go from one host to another; for admins. Nothing is moved without a person.</summary>
public sealed class Moves(PanelDb db, Members.Members members, MoveSteps steps, Revisions revisions, LiveChanges live, AuditTrail audit, TimeProvider time)
{
    /// <summary>How long whoever asked is kept waiting; the move itself takes as long as it takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(18);

    public async Task<Outcome<IReadOnlyList<MovePage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (!by.IsAdmin || await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var pages = new List<MovePage>();
        foreach (var id in await db.Set<Move>().Where(m => m.MemberId == member.Id).OrderByDescending(m => m.Id).Take(50).Select(m => m.Id).ToListAsync(ct))
        {
            pages.Add(await PageAsync(id, handle, ct));
        }

        return pages;
    }

    public async Task<Outcome<MovePage>> ShowAsync(Actor by, string handle, long id, CancellationToken ct) =>
        by.IsAdmin && await members.ReachAsync(by, handle, ct) is { } member && await db.Set<Move>().AnyAsync(m => m.Id == id && m.MemberId == member.Id, ct)
            ? await PageAsync(id, handle, ct) : new NotThere($"move {id} of {handle}");

    /// <summary>Begins a move and returns at once; any node takes it on.</summary>
    public async Task<Outcome<MovePage>> BeginAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (!by.IsAdmin || await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return by.IsAdmin ? new NotThere($"member {handle}") : new NotAllowed("Only an admin moves accounts.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // The host's row is locked first, so that two moves of one account come one after the other.
        var placement = await revisions.RaiseAsync(member.Id, ct);
        if (await db.Set<Host>().SingleOrDefaultAsync(h => h.Name == name || (name == Hosts.Local && h.Link == HostLink.Local), ct) is not { } to)
        {
            return new Refusal($"There is no host {name}.", "host");
        }

        var (now, copy) = (time.GetUtcNow().UtcDateTime, await db.Set<AccountCopy>().SingleOrDefaultAsync(c => c.MemberId == member.Id && c.HostId == to.Id, ct));
        var from = placement is null ? null : await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct);
        var open = await db.Set<Move>().SingleOrDefaultAsync(m => m.MemberId == member.Id && m.EndedAt == null, ct);
        if (Refuse(member, from, to, copy, open, now) is { } no)
        {
            return no;
        }

        // Back to where an old copy waits: it is brought up to date instead of filled anew.
        open?.End(now, done: true);
        if (open is not null && copy is null && await db.Set<AccountCopy>().SingleOrDefaultAsync(c => c.MemberId == member.Id && c.HostId == open.FromHostId, ct) is { } older)
        {
            older.Become(CopyState.Erasing, await revisions.RaiseHostAsync(older.HostId, ct), now);
        }

        if (copy is null)
        {
            db.Add(copy = new AccountCopy { MemberId = member.Id, HostId = to.Id });
        }

        copy.Become(CopyState.Arriving, await revisions.RaiseHostAsync(to.Id, ct), now);
        await db.SaveChangesAsync(ct);
        var move = new Move { MemberId = member.Id, FromHostId = from!.Id, ToHostId = to.Id, AskedBy = by.Name, AskedAt = now };
        move.Begin(now);
        db.Add(move);
        audit.Add(by, member.Id, "member.move", handle, ("host", from.Name, to.Name));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await PageAsync(move.Id, handle, ct);
    }

    /// <summary>Begins a move and waits until the account is at home on the new host, or the move has failed.</summary>
    public async Task<Outcome<MovePage>> MoveAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        var begun = await BeginAsync(by, handle, name, ct);
        if (begun.Value is not { } page)
        {
            return begun;
        }

        var (until, member) = (time.GetUtcNow() + Patience, await db.Set<Move>().Where(m => m.Id == page.Id).Select(m => m.MemberId).SingleAsync(ct));
        while (page.State is not ("kept" or "done" or "failed") && time.GetUtcNow() < until)
        {
            var next = live.Next(LiveChanges.Member(member));
            await steps.AdvanceAsync(page.Id, ct);
            page = await PageAsync(page.Id, handle, ct);
            if (page.State is not ("kept" or "done" or "failed"))
            {
                await live.WaitAsync(next, LiveChanges.LookAgain, ct);
            }
        }

        return page;
    }

    /// <summary>Ends a move before the account has switched: it opens again where it is, and what went over is erased. What is on its way between
    /// the hosts ends within seconds, on whichever node it is.</summary>
    public async Task<Outcome<MovePage>> CancelAsync(Actor by, string handle, CancellationToken ct)
    {
        if (!by.IsAdmin || await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return by.IsAdmin ? new NotThere($"member {handle}") : new NotAllowed("Only an admin moves accounts.");
        }

        if (await db.Set<Move>().AsNoTracking().SingleOrDefaultAsync(m => m.MemberId == member.Id && m.EndedAt == null && m.State != MoveState.Failed, ct) is not { } move)
        {
            return new InTheWay($"{handle} is not being moved.");
        }

        var memberId = member.Id;
        await steps.CancelAsync(move.Id, $"Cancelled by {by.Name}.", () => audit.Add(by, memberId, "member.move.cancel", handle), ct);
        var page = await PageAsync(move.Id, handle, ct);
        return page.State == "failed" ? page : new InTheWay($"{handle} is on {page.To} already. Move it back to {page.From} instead.");
    }

    /// <summary>Takes every open move on. Safe to run twice, late, or on two nodes at once.</summary>
    public async Task ContinueAsync(Actor by, CancellationToken ct)
    {
        foreach (var id in by.IsAdmin ? await db.Set<Move>().Where(m => m.EndedAt == null).Select(m => m.Id).ToListAsync(ct) : [])
        {
            await steps.AdvanceAsync(id, ct);
        }
    }

    private static InTheWay? Refuse(Members.Member member, Host? from, Host to, AccountCopy? copy, Move? open, DateTime now) =>
        member.RemovedAt is not null ? new InTheWay($"{member.Handle} was removed and is not moved any more.")
        : from is null ? new InTheWay("No host carries this account yet.")
        : from.Id == to.Id ? new InTheWay($"{member.Handle} is on {to.Name} already.", "host")
        : open is not null && open.State != MoveState.Kept ? new InTheWay($"{member.Handle} is being moved already, or what an earlier move left is still being taken away.")
        : copy is { State: not CopyState.Kept } ? new InTheWay($"What an earlier move left on {to.Name} is still being taken away.", "host")
        : from.IsSilent(now) ? new InTheWay($"Host {from.Name} does not answer, so nothing can be copied from it.")
        : to.IsSilent(now) ? new InTheWay($"Host {to.Name} does not answer.", "host")
        : from.RemovalsHeldAt is not null || to.RemovalsHeldAt is not null ? new InTheWay("The database was restored: look at the accounts of both hosts and confirm them first.")
        : null;

    private async Task<MovePage> PageAsync(long id, string handle, CancellationToken ct)
    {
        var row = await (
            from move in db.Set<Move>().AsNoTracking()
            join of in db.Set<Host>() on move.FromHostId equals of.Id
            join to in db.Set<Host>() on move.ToHostId equals to.Id
            where move.Id == id
            select new { Move = move, From = of.Name, To = to.Name }).SingleAsync(ct);
        var m = row.Move;
        return new MovePage(
            m.Id, handle, row.From, row.To, Move.WordOf(m.State), m.Failure, m.AskedBy, m.AskedAt, m.SwitchedAt,
            m.State == MoveState.Kept ? m.SwitchedAt + Move.Keep : null, MoveReports.Of(m), AgentWire.ReadLines(m.Steps));
    }
}
