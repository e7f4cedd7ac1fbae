using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Takes what hosts say of runs; a run that is said twice is one run, and of each task the newest stay.</summary>
public sealed class TaskRuns(PanelDb db, LiveChanges live)
{
    public const int Kept = 20;
    private const int MostOutput = 64 << 10;

    internal async Task TakeAsync(IReadOnlyList<TaskRun> runs, Dictionary<string, long> members, CancellationToken ct)
    {
        foreach (var run in runs.Where(r => members.ContainsKey(r.Handle)))
        {
            var member = members[run.Handle];
            var started = run.StartedAt.ToUniversalTime();
            // To the millisecond, which every database keeps.
            started = started.AddTicks(-(started.Ticks % TimeSpan.TicksPerMillisecond));
            if (await db.Set<MemberTask>().AsNoTracking().SingleOrDefaultAsync(t => t.MemberId == member && t.Name == run.Task && t.RemovedAt == null, ct) is not { } task
                || await db.Set<MemberTaskRun>().AnyAsync(r => r.TaskId == task.Id && r.StartedAt == started, ct))
            {
                continue;
            }

            db.Add(new MemberTaskRun
            {
                TaskId = task.Id,
                StartedAt = started,
                Milliseconds = run.Milliseconds,
                ExitCode = run.ExitCode,
                Note = AgentReports.Plain(run.Note),
                Output = Clean(run.Output),
            });
            await db.SaveChangesAsync(ct);
            var old = await db.Set<MemberTaskRun>().Where(r => r.TaskId == task.Id).OrderByDescending(r => r.StartedAt).Select(r => r.Id).Skip(Kept).ToListAsync(ct);
            await db.Set<MemberTaskRun>().Where(r => old.Contains(r.Id)).ExecuteDeleteAsync(ct);
            live.AfterCommit(db, LiveChanges.Member(member));
        }
    }

    /// <summary>Lines and tabs stay; other control characters would be commands to somebody's terminal.</summary>
    private static string Clean(string output)
    {
        var text = output.Length > MostOutput ? output[..MostOutput] : output;
        return string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? '\uFFFD' : c));
    }
}
