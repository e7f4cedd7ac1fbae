using System.Collections.Concurrent;
using System.Diagnostics;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Runs members' scheduled programs as the member: an argument list, never a line of text that root or a shell reads.
/// Each run has a process namespace of its own, so that all of it ends with it; one task never overlaps itself.</summary>
internal sealed class Tasks
{
    private readonly Layout layout;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, Due> wanted = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> running = new(StringComparer.Ordinal);

    public Tasks(Layout layout, TimeProvider time)
    {
        (this.layout, this.time) = (layout, time);
        // What an agent that was killed left running would overlap with the next run.
        foreach (var record in Directory.EnumerateFiles(layout.Daemons, "task-*"))
        {
            EndTree(Daemon.ReadRecord(record) is { IsAlive: true } left ? left.Pid : 0);
            File.Delete(record);
        }
    }

    /// <summary>Runs that Panel has not heard of.</summary>
    public ConcurrentQueue<TaskRun> Ended { get; } = new();

    public void Want(IEnumerable<AccountState> accounts)
    {
        var now = accounts.Where(a => a.Tasks is { Count: > 0 } && a.IsOpen && Grammar.IsHandle(a.Handle) && Identity.IsMember(a.Uid))
            .SelectMany(a => (a.Tasks ?? []).Where(Grammar.IsTask).Select(t => (Key: $"{a.Handle}.{t.Name}", Account: a, Task: t))).ToDictionary(t => t.Key);
        foreach (var gone in wanted.Keys.Where(k => !now.ContainsKey(k)))
        {
            wanted.TryRemove(gone, out _);
        }

        foreach (var (key, (_, account, task)) in now)
        {
            var kept = wanted.GetValueOrDefault(key);
            var next = kept is not null && kept.Task.Schedule == task.Schedule ? kept.Next : TaskSchedule.Parse(task.Schedule)!.Next(time.GetUtcNow());
            wanted[key] = new Due(account.Handle, account.Uid, task, next);
        }
    }

    /// <summary>Once a second: starts what is due.</summary>
    public void Tick()
    {
        foreach (var (key, due) in wanted.Where(w => w.Value.Next <= time.GetUtcNow()))
        {
            wanted[key] = due with { Next = TaskSchedule.Parse(due.Task.Schedule)!.Next(time.GetUtcNow()) };
            _ = Task.Run(() => RunAsync(key, due));
        }
    }

    /// <summary>Runs it now and waits; null when there is no such task or it runs already.</summary>
    public Task<TaskRun?> RunNowAsync(string handle, string name) =>
        wanted.GetValueOrDefault($"{handle}.{name}") is { } due ? RunAsync($"{handle}.{name}", due) : Task.FromResult<TaskRun?>(null);

    private async Task<TaskRun?> RunAsync(string key, Due due)
    {
        if (!running.TryAdd(key, true))
        {
            return null;
        }

        var (began, clock, home) = (time.GetUtcNow(), Stopwatch.StartNew(), $"{layout.Tree(due.Handle)}/home");
        int? code = null;
        var (note, output) = ((string?)null, "");
        var record = $"{layout.Daemons}/task-{key}";
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(due.Task.LimitSeconds));
            var environment = new Dictionary<string, string> { ["HOME"] = home, ["USER"] = due.Handle, ["LOGNAME"] = due.Handle, ["TMPDIR"] = $"{layout.Tree(due.Handle)}/tmp", ["LANG"] = "C.UTF-8" };
            using var process = Commands.Start(["/usr/bin/unshare", "--pid", "--fork", "--", .. Commands.As(due.Uid, due.Task.Arguments)], home, environment);
            process.StandardInput.Close();
            // Not Running.Of, which reaps a child that has ended already: its exit code is ours to read.
            Daemon.WriteRecord(record, new Running(process.Id, Processes.Stat(process.Id)?.Started ?? 0));
            using var stop = limit.Token.Register(() => EndTree(process.Id));
            output = await Commands.ReadAsync(process);
            code = limit.IsCancellationRequested ? null : process.ExitCode;
            note = limit.IsCancellationRequested ? $"It ran longer than its limit of {due.Task.LimitSeconds} seconds and was ended." : null;
        }
        catch (Exception no) when (no is MachineException or IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            note = $"It could not be started: {no.Message}";
        }
        finally
        {
            File.Delete(record);
            running.TryRemove(key, out _);
        }

        var run = new TaskRun(due.Handle, due.Task.Name, began.UtcDateTime, clock.ElapsedMilliseconds, code, note, output);
        Ended.Enqueue(run);
        return run;
    }

    /// <summary>The first process of a namespace takes all others with it.</summary>
    private static void EndTree(int unshare)
    {
        foreach (var first in unshare > 0 ? Processes.ChildrenOf(unshare) : [])
        {
            _ = Native.kill(first, Native.SigKill);
        }
    }

    private sealed record Due(string Handle, int Uid, TaskState Task, DateTimeOffset Next);
}
