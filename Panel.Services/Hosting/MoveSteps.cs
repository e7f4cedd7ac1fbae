using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Takes a move from state to state, each in one transaction, by what the hosts have reported. A crash anywhere is mended by the
/// next look at the row.</summary>
public sealed class MoveSteps(PanelDb db, Revisions revisions, LiveChanges live, TimeProvider time)
{
    /// <summary>For a host to make an account or to close it; it takes seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What the report of a host may set going.</summary>
    internal async Task AfterReportAsync(long host, CancellationToken ct)
    {
        foreach (var id in await db.Set<Move>().Where(m => m.EndedAt == null && (m.FromHostId == host || m.ToHostId == host)).Select(m => m.Id).ToListAsync(ct))
        {
            await AdvanceAsync(id, ct);
        }
    }

    internal async Task AdvanceAsync(long id, CancellationToken ct)
    {
        while (await StepAsync(id, ct))
        {
        }
    }

    /// <summary>The account stays where it is, unless it has gone already. <paramref name="noted"/> runs inside the transaction.</summary>
    internal async Task CancelAsync(long id, string reason, Action noted, CancellationToken ct)
    {
        await StepAsync(id, ct, (reason, noted));
        await AdvanceAsync(id, ct);
    }

    /// <summary>True when it went on, so that the next step may be due at once.</summary>
    private async Task<bool> StepAsync(long id, CancellationToken ct, (string Reason, Action Noted)? cancelled = null)
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Writing first takes the row's lock: one step at a time, on whichever node.
        await db.Set<Move>().Where(m => m.Id == id).ExecuteUpdateAsync(set => set.SetProperty(m => m.Attempts, m => m.Attempts), ct);
        var move = await db.Set<Move>().SingleAsync(m => m.Id == id, ct);
        var hosts = await db.Set<Host>().AsNoTracking().Where(h => h.Id == move.FromHostId || h.Id == move.ToHostId).ToDictionaryAsync(h => h.Id, ct);
        // A restored database does not know what it once decided.
        if (move.EndedAt is not null || hosts.Values.Any(h => h.RemovalsHeldAt is not null))
        {
            return false;
        }

        var before = (move.State, move.Attempts);
        var member = await db.Users.AsNoTracking().SingleAsync(m => m.Id == move.MemberId, ct);
        if (member.RemovedAt is not null && move.State < MoveState.Switching)
        {
            await BackAsync(move, "The member was removed meanwhile.", ct);
        }
        else if (cancelled is { } cancel)
        {
            if (move.State < MoveState.Switching)
            {
                await BackAsync(move, cancel.Reason, ct);
                cancel.Noted();
            }
        }
        else
        {
            await (move.State switch
            {
                MoveState.Preparing => PrepareAsync(move, ct),
                MoveState.Copying or MoveState.Finishing => PassAsync(move, ct),
                MoveState.Holding => HoldAsync(move, ct),
                MoveState.Switching => SwitchedAsync(move, ct),
                _ => TidyAsync(move, ct),
            });
        }

        await db.SaveChangesAsync(ct);
        live.AfterCommit(db, LiveChanges.Member(move.MemberId), LiveChanges.Move(move.Id));
        await transaction.CommitAsync(ct);
        return move.EndedAt is null && before != (move.State, move.Attempts);
    }

    private async Task PrepareAsync(Move move, CancellationToken ct)
    {
        var copy = await CopyAsync(move, move.ToHostId, ct);
        var said = await SaidAsync(move, move.ToHostId, copy!.Revision, ct);
        if (said is null)
        {
            await LateAsync(move, "The new host did not make the account", ct);
        }
        else if (await TroubleAsync(move, said, ct) is { } no)
        {
            await BackAsync(move, $"The new host cannot carry the account: {no}", ct);
        }
        else
        {
            await AskAsync(move, MoveState.Copying, null, ct);
        }
    }

    private async Task PassAsync(Move move, CancellationToken ct)
    {
        var requests = await db.Set<HostRequest>().AsNoTracking().Where(r => r.Id == move.SendId || r.Id == move.ReceiveId).ToListAsync(ct);
        if (requests.Find(r => r.Failure is not null) is { } failed)
        {
            await AgainAsync(move, failed.Failure!, ct);
        }
        else if (!requests.TrueForAll(r => r.AnsweredAt is not null))
        {
            return;
        }
        else if (move.Sent is null || move.Received is null)
        {
            await AgainAsync(move, "A host gave no report.", ct);
        }
        else if (move.State == MoveState.Copying)
        {
            // Without the read-only time the two sides may differ: that is what the next pass is for.
            var placement = (await revisions.RaiseAsync(move.MemberId, ct))!;
            placement.HeldAt = time.GetUtcNow().UtcDateTime;
            placement.StatusRevision = placement.Revision;
            Enter(move, MoveState.Holding, $"{AgentWire.ReadMove(move.Received)!.Sent} entries went over");
        }
        else if (MoveReports.Of(move) is { Same: false } differs)
        {
            await AgainAsync(move, $"The two sides differ. {differs.Differences[0]}", ct);
        }
        else if (await TroubleAsync(move, await SaidAsync(move, move.ToHostId, 0, ct), ct) is { } no)
        {
            await BackAsync(move, $"The account does not work on the new host: {no}", ct);
        }
        else
        {
            await SwitchAsync(move, ct);
        }
    }

    private async Task HoldAsync(Move move, CancellationToken ct)
    {
        var placement = await db.Set<Placement>().SingleAsync(p => p.MemberId == move.MemberId, ct);
        if (await SaidAsync(move, move.FromHostId, placement.StatusRevision, ct) is not { } said)
        {
            await LateAsync(move, "The old host did not make the account read-only", ct);
        }
        else if (said.State == ItemState.Failed)
        {
            await BackAsync(move, $"The old host could not make the account read-only: {said.Message}", ct);
        }
        else
        {
            await AskAsync(move, MoveState.Finishing, null, ct);
        }
    }

    private async Task SwitchAsync(Move move, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        // In one order on every node, so that two moves in opposite directions do not wait for each other.
        var raised = new Dictionary<long, long>();
        foreach (var host in new[] { move.FromHostId, move.ToHostId }.Order())
        {
            raised[host] = await revisions.RaiseHostAsync(host, ct);
        }

        var placement = await db.Set<Placement>().SingleAsync(p => p.MemberId == move.MemberId, ct);
        placement.HostId = move.ToHostId;
        placement.HeldAt = null;
        placement.Revision = placement.StatusRevision = raised[move.ToHostId];
        await RenumberAsync(move.MemberId, placement.Revision, ct);
        db.Remove((await CopyAsync(move, move.ToHostId, ct))!);
        var old = new AccountCopy { MemberId = move.MemberId, HostId = move.FromHostId };
        old.Become(CopyState.Kept, raised[move.FromHostId], now);
        db.Add(old);
        Enter(move, MoveState.Switching, string.Join("; ", MoveReports.Certificates(move).Prepend("both sides are the same")));
    }

    /// <summary>Each host counts by itself. By the old one's count, that of an older host, the new one would not have answered for years.</summary>
    private async Task RenumberAsync(long member, long revision, CancellationToken ct)
    {
        await db.Set<Site>().Where(s => s.MemberId == member).ExecuteUpdateAsync(set => set.SetProperty(s => s.Revision, revision), ct);
        await db.Set<SshKey>().Where(k => k.MemberId == member).ExecuteUpdateAsync(set => set.SetProperty(k => k.Revision, revision), ct);
        await db.Set<MemberDatabase>().Where(d => d.MemberId == member).ExecuteUpdateAsync(set => set.SetProperty(d => d.Revision, revision), ct);
        await db.Set<MemberTask>().Where(t => t.MemberId == member).ExecuteUpdateAsync(set => set.SetProperty(t => t.Revision, revision), ct);
    }

    private async Task SwitchedAsync(Move move, CancellationToken ct)
    {
        var placement = await db.Set<Placement>().AsNoTracking().SingleAsync(p => p.MemberId == move.MemberId, ct);
        if (await SaidAsync(move, move.ToHostId, placement.StatusRevision, ct) is { } said)
        {
            Enter(move, MoveState.Kept, await TroubleAsync(move, said, ct) is { } no ? $"open on the new host, but {no}" : "open on the new host");
        }
    }

    /// <summary>What is left behind: the old copy after its time, or what a failed move had brought.</summary>
    private async Task TidyAsync(Move move, CancellationToken ct)
    {
        var (host, now) = (move.State == MoveState.Kept ? move.FromHostId : move.ToHostId, time.GetUtcNow().UtcDateTime);
        if (await CopyAsync(move, host, ct) is not { } copy)
        {
            move.End(now, done: move.State == MoveState.Kept);
        }
        else if (copy.State == CopyState.Kept && now >= move.SwitchedAt + Move.Keep)
        {
            copy.Become(CopyState.Erasing, await revisions.RaiseHostAsync(host, ct), now);
        }
        else if (copy.State == CopyState.Erasing && (await SaidAsync(move, host, copy.Revision, ct))?.State == ItemState.Removed)
        {
            db.Remove(copy);
            db.RemoveRange(await db.Set<ItemStatus>().Where(s => s.HostId == host && s.MemberId == move.MemberId).ToListAsync(ct));
            move.End(now, done: move.State == MoveState.Kept);
        }
    }

    /// <summary>The account stays at home and opens again; what went over is erased by the new host.</summary>
    private async Task BackAsync(Move move, string reason, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await GiveUpAsync(move, now, ct);
        if (await revisions.RaiseAsync(move.MemberId, ct) is { } placement)
        {
            (placement.HeldAt, placement.StatusRevision) = (null, placement.Revision);
        }

        if (await CopyAsync(move, move.ToHostId, ct) is { } copy)
        {
            copy.Become(CopyState.Erasing, await revisions.RaiseHostAsync(move.ToHostId, ct), now);
        }

        move.Fail(reason, now);
    }

    private Task AgainAsync(Move move, string why, CancellationToken ct) =>
        move.Attempts >= Move.MostAttempts ? BackAsync(move, why, ct) : AskAsync(move, move.State, why, ct);

    private async Task AskAsync(Move move, MoveState state, string? why, CancellationToken ct)
    {
        var (now, handle) = (time.GetUtcNow().UtcDateTime, await db.Users.Where(m => m.Id == move.MemberId).Select(m => m.UserName!).SingleAsync(ct));
        await GiveUpAsync(move, now, ct);
        HostRequest Request(long host, AgentWork work) => new() { HostId = host, Work = work, Handle = handle, Detail = state == MoveState.Finishing ? "last" : null, AskedBy = move.AskedBy, AskedAt = now };
        var (send, receive) = (Request(move.FromHostId, AgentWork.Send), Request(move.ToHostId, AgentWork.Receive));
        db.AddRange(send, receive);
        await db.SaveChangesAsync(ct);
        move.Ask(state, send.Id, receive.Id, now, why);
        live.AfterCommit(db, LiveChanges.Host(move.FromHostId), LiveChanges.Host(move.ToHostId));
    }

    private Task<int> GiveUpAsync(Move move, DateTime now, CancellationToken ct) => db.Set<HostRequest>().Where(r => (r.Id == move.SendId || r.Id == move.ReceiveId) && r.AnsweredAt == null)
        .ExecuteUpdateAsync(set => set.SetProperty(r => r.AnsweredAt, now).SetProperty(r => r.Failure, "Given up: it is not wanted any more, or the other host failed."), ct);

    private async Task LateAsync(Move move, string what, CancellationToken ct)
    {
        if (time.GetUtcNow().UtcDateTime - move.SinceAt > Patience)
        {
            await BackAsync(move, $"{what} within {Patience.TotalMinutes:0} minutes.", ct);
        }
    }

    private void Enter(Move move, MoveState state, string? note) => move.Enter(state, time.GetUtcNow().UtcDateTime, note);

    private Task<AccountCopy?> CopyAsync(Move move, long host, CancellationToken ct) => db.Set<AccountCopy>().SingleOrDefaultAsync(c => c.MemberId == move.MemberId && c.HostId == host, ct);

    private Task<ItemStatus?> SaidAsync(Move move, long host, long revision, CancellationToken ct) =>
        db.Set<ItemStatus>().AsNoTracking().SingleOrDefaultAsync(s => s.HostId == host && s.MemberId == move.MemberId && s.Kind == ItemStatus.Account && s.Revision >= revision, ct);

    /// <summary>What is not well on the new host and was on the old one.</summary>
    private async Task<string?> TroubleAsync(Move move, ItemStatus? account, CancellationToken ct)
    {
        if (account is { State: ItemState.Failed })
        {
            return account.Message ?? "it gave no reason";
        }

        var statuses = await db.Set<ItemStatus>().AsNoTracking().Where(s => s.MemberId == move.MemberId && s.State == ItemState.Failed && s.Kind != ItemStatus.CertificateItem && (s.HostId == move.ToHostId || s.HostId == move.FromHostId)).ToListAsync(ct);
        var revision = account?.Revision ?? 0;
        return statuses.Find(s => s.HostId == move.ToHostId && s.Revision >= revision && !statuses.Exists(o => o.HostId == move.FromHostId && o.Kind == s.Kind && o.Name == s.Name)) is { } bad
            ? $"{bad.Kind} {bad.Name}: {bad.Message}" : null;
    }
}
