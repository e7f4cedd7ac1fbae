using System.Globalization;

namespace Panel.Agent;

/// <summary>How one program is tested, started and told to look at its configuration again: arguments, not shell text.</summary>
internal sealed record DaemonKind(
    string Name,
    string Program,
    Func<string, string[]>? Check,
    Func<string, string[]> Start,
    int QuitSignal,
    int? WorkerUid = null);

/// <summary>A daemon of our own beside the machine's. It is known by the pid and start time recorded in /run/panel/host-ID/daemons,
/// so that an agent that was killed finds it again and never starts a second one.</summary>
internal sealed class Daemon(DaemonKind kind, string configuration, string pidFile, Layout layout)
{
    private string Record => $"{layout.Daemons}/{kind.Name}";

    /// <summary>The running process: the recorded one, or the one its own pid file names if its command line names our
    /// configuration (the agent was killed between starting it and recording it).</summary>
    public Running? Find()
    {
        if (ReadRecord(Record) is { IsAlive: true } known)
        {
            return known;
        }

        return int.TryParse(Files.ReadOrNull(pidFile), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var pid)
            && Running.Of(pid) is { } running && Processes.CommandLine(pid).Contains(configuration, StringComparison.Ordinal)
            ? running : null;
    }

    /// <summary>Makes the daemon run with exactly this configuration: checks the staged text, renames it in, starts or
    /// reloads only when needed. Returns what it did, or null when nothing was to do. A text that its program refuses
    /// stays staged and the daemon keeps what it has.</summary>
    public string? Converge(string text)
    {
        var changed = Files.ReadOrNull(configuration) != text;
        var running = Find();
        if (!changed && running is not null)
        {
            Keep(running.Value);
            return null;
        }

        var staged = $"{configuration}.staged";
        Files.Put(staged, text);
        if (kind.Check is { } check)
        {
            Commands.Run(kind.Program, check(staged));
        }

        Native.Rename(staged, configuration);
        if (running is { } before)
        {
            Keep(before);
            before.Signal(Native.SigHup);
            return $"{kind.Name} reloaded";
        }

        if (kind.WorkerUid is { } uid)
        {
            // Workers of a master that was killed go on and hold its ports.
            Processes.EndAllOf(uid);
        }

        // PostgreSQL takes a predecessor that nobody has reaped yet for one that runs.
        Processes.Wait(() => ReadRecord(Record) is not { } dead || !Directory.Exists($"/proc/{dead.Pid}"), 5_000, look: 10);
        Commands.Run(kind.Program, kind.Start(configuration));
        Keep(AwaitStart());
        return $"{kind.Name} started";
    }

    /// <summary>Ends the daemon and waits until it is gone.</summary>
    public void Stop()
    {
        Find()?.End(kind.QuitSignal, TimeSpan.FromSeconds(5));
        // After a reboot /run is empty, the directory included.
        if (File.Exists(Record))
        {
            File.Delete(Record);
        }
    }

    public static Running? ReadRecord(string path) =>
        Files.ReadOrNull(path)?.Split(' ') is [var pid, var started] && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? new Running(id, at) : null;

    public static void WriteRecord(string path, Running running) =>
        Files.Put(path, string.Create(CultureInfo.InvariantCulture, $"{running.Pid} {running.Started}"));

    private void Keep(Running running)
    {
        if (ReadRecord(Record) != running)
        {
            WriteRecord(Record, running);
        }
    }

    private Running AwaitStart() => Processes.Wait(() => Find() is not null, 10_000) && Find() is { } running ? running
        : throw new MachineException($"{kind.Name} did not start; see {layout.Log}.");
}
