using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Hands what one host of a move sends to the other while it comes; nothing of it is kept. A host gives and takes only the parts of
/// the pass that it was asked for and that is still wanted.</summary>
public sealed partial class MoveRelay(PanelDb db, MeetingPoint meetings, TimeProvider time)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(3);

    // The other one may have to read all of a large account before it knows what to say.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    /// <summary>Returns when the other host has all of it.</summary>
    public async Task<Outcome<Done>> GiveAsync(long host, long request, string part, Stream from, CancellationToken ct)
    {
        if (await KeyAsync(host, request, part, giving: true, ct) is not { } key)
        {
            return new NotThere($"part {part} to give");
        }

        var meeting = meetings.At(key);
        if (!meeting.Source.TrySetResult(from))
        {
            return new InTheWay("This part was given already.");
        }

        try
        {
            return await WaitAsync(meeting.Over.Task, host, request, meeting, ct) ? Done.It : new InTheWay("The other host did not take it.");
        }
        finally
        {
            // Nobody may read a body whose request has ended.
            await meeting.CloseAsync();
            meetings.End(key, meeting);
        }
    }

    /// <summary>Writes what the other host gives, from <paramref name="begin"/> on, to its end.</summary>
    public async Task<Outcome<Done>> TakeAsync(long host, long request, string part, Func<Stream> begin, CancellationToken ct)
    {
        if (await KeyAsync(host, request, part, giving: false, ct) is not { } key)
        {
            return new NotThere($"part {part} to take");
        }

        var meeting = meetings.At(key);
        if (!await WaitAsync(meeting.Source.Task, host, request, null, ct) || !meeting.TryTake())
        {
            meetings.End(key, meeting);
            return new InTheWay("The other host did not give it.");
        }

        try
        {
            await (await meeting.Source.Task).CopyToAsync(begin(), ct);
            meeting.Over.TrySetResult();
            return Done.It;
        }
        catch (Exception broken)
        {
            meeting.Over.TrySetException(broken);
            throw;
        }
        finally
        {
            meeting.Left.TrySetResult();
        }
    }

    private async Task<bool> WaitAsync(Task what, long host, long request, Meeting? giver, CancellationToken ct)
    {
        var until = time.GetUtcNow() + Patience;
        while (!what.IsCompleted)
        {
            await Task.WhenAny(what, Task.Delay(LookAgain, time, ct));
            ct.ThrowIfCancellationRequested();
            if (!what.IsCompleted && giver?.IsTaken != true && (time.GetUtcNow() > until || !await IsWantedAsync(host, request, ct)))
            {
                return false;
            }
        }

        await what;
        return true;
    }

    private Task<bool> IsWantedAsync(long host, long request, CancellationToken ct) =>
        db.Set<Move>().AnyAsync(m => m.EndedAt == null && ((m.SendId == request && m.FromHostId == host) || (m.ReceiveId == request && m.ToHostId == host)), ct);

    private async Task<string?> KeyAsync(long host, long request, string part, bool giving, CancellationToken ct)
    {
        // "have" and "seal" are what the new host says; all else is what the old one sends.
        var sends = giving == (part is not ("have" or "seal"));
        var pass = !Part().IsMatch(part) || !await IsWantedAsync(host, request, ct) ? null
            : await db.Set<Move>().Where(m => (sends ? m.SendId : m.ReceiveId) == request).Select(m => new { m.SendId, m.ReceiveId }).SingleOrDefaultAsync(ct);
        return pass is null || !await db.Set<HostRequest>().AnyAsync(r => r.Id == request && r.HostId == host && r.AnsweredAt == null, ct) ? null : $"{pass.SendId}-{pass.ReceiveId}/{part}";
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,60}\z")]
    private static partial Regex Part();
}

/// <summary>Where the two ends of a stream find each other. In the memory of one node: when they come to different ones, neither waits for
/// ever and the pass is asked for again.</summary>
public sealed class MeetingPoint
{
    private readonly ConcurrentDictionary<string, Meeting> open = new(StringComparer.Ordinal);

    internal Meeting At(string key) => open.GetOrAdd(key, _ => new Meeting());

    internal void End(string key, Meeting meeting) => open.TryRemove(KeyValuePair.Create(key, meeting));
}

internal sealed class Meeting
{
    private int taken;

    public TaskCompletionSource<Stream> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsTaken => Volatile.Read(ref taken) != 0;

    public bool TryTake() => Interlocked.Exchange(ref taken, 1) == 0;

    /// <summary>From now on nobody can begin to read; returns when whoever did has left.</summary>
    public Task CloseAsync() => TryTake() ? Task.CompletedTask : Left.Task;
}
