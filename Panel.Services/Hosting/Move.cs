using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>Where a move stands. <c>Preparing</c>: the new host makes an empty account. <c>Copying</c>: files and databases go over while the
/// account lives. <c>Holding</c>: it becomes read-only. <c>Finishing</c>: what has changed meanwhile goes over. <c>Switching</c>: the new host
/// is its home and opens it. <c>Kept</c>: done, the old copy waits. <c>Done</c>: the old copy is erased. <c>Failed</c>: it stayed where it was.</summary>
public enum MoveState { Preparing, Copying, Holding, Finishing, Switching, Kept, Done, Failed }

/// <summary>The move of one account to another host: a row that any node takes on from where it stands.</summary>
public sealed class Move
{
    /// <summary>How long the old copy is kept.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    /// <summary>How often one pass is tried before the move goes back.</summary>
    public const int MostAttempts = 5;

    public long Id { get; init; }

    public long MemberId { get; init; }

    public long FromHostId { get; init; }

    public long ToHostId { get; init; }

    public MoveState State { get; private set; }

    public DateTime SinceAt { get; private set; }

    public required string AskedBy { get; init; }

    public DateTime AskedAt { get; init; }

    /// <summary>What the two hosts are asked in this pass; null when nothing is asked.</summary>
    public long? SendId { get; private set; }

    public long? ReceiveId { get; private set; }

    public int Attempts { get; private set; }

    /// <summary>What each side had after its last pass, as JSON.</summary>
    public string? Sent { get; private set; }

    public string? Received { get; private set; }

    /// <summary>Lines of what happened when, as JSON.</summary>
    public string Steps { get; private set; } = "[]";

    /// <summary>Why it failed.</summary>
    public string? Failure { get; private set; }

    public DateTime? SwitchedAt { get; private set; }

    /// <summary>When nothing of it was left to do.</summary>
    public DateTime? EndedAt { get; private set; }

    public bool IsPassing => State is MoveState.Copying or MoveState.Finishing;

    public void Begin(DateTime at) => Enter(MoveState.Preparing, at, null);

    public void Ask(MoveState state, long send, long receive, DateTime at, string? note)
    {
        Attempts = state == State ? Attempts + 1 : 1;
        (SendId, ReceiveId, Sent, Received) = (send, receive, null, null);
        Enter(state, at, note);
    }

    public void Hear(long request, string report)
    {
        (Sent, Received) = (request == SendId ? report : Sent, request == ReceiveId ? report : Received);
    }

    public void Enter(MoveState state, DateTime at, string? note)
    {
        if (state is not (MoveState.Copying or MoveState.Finishing))
        {
            (SendId, ReceiveId) = (null, null);
        }

        SwitchedAt = state == MoveState.Switching ? at : SwitchedAt;
        (State, SinceAt) = (state, at);
        Steps = AgentWire.Write([.. AgentWire.ReadLines(Steps), $"{at:yyyy-MM-dd HH:mm:ss.fff} {WordOf(state)}{(note is null ? "" : $": {note}")}"]);
    }

    public void Fail(string reason, DateTime at)
    {
        Failure = reason;
        Enter(MoveState.Failed, at, reason);
    }

    public void End(DateTime at, bool done)
    {
        EndedAt = at;
        if (done)
        {
            Enter(MoveState.Done, at, null);
        }
    }

    internal static string WordOf(MoveState state) => state.ToString().ToLowerInvariant();

    internal sealed class Mapping : IEntityTypeConfiguration<Move>
    {
        public void Configure(EntityTypeBuilder<Move> builder) => builder.ToTable("moves");
    }
}
