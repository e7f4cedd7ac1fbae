using System.Collections.Concurrent;
using System.Globalization;

namespace Panel.Agent;

/// <summary>A process that can be told from a later one with the same id: its start time in ticks since boot
/// (field 22 of /proc/PID/stat) is part of its name.</summary>
internal readonly record struct Running(int Pid, long Started)
{
    /// <summary>Null when there is no such process or it has ended and only waits to be reaped.</summary>
    public static Running? Of(int pid)
    {
        if (Processes.Stat(pid) is not { } stat || stat.State is 'Z' or 'X')
        {
            _ = Native.waitpid(pid, out _, 1);
            return null;
        }

        return new Running(pid, stat.Started);
    }

    public bool IsAlive => Of(Pid) is { } now && now.Started == Started;

    public void Signal(int signal)
    {
        if (IsAlive)
        {
            _ = Native.kill(Pid, signal);
        }
    }

    /// <summary>Asks with <paramref name="signal"/>, waits up to <paramref name="patience"/>, then kills.</summary>
    public void End(int signal, TimeSpan patience)
    {
        var running = this;
        Signal(signal);
        if (!Processes.Wait(() => !running.IsAlive, patience.TotalMilliseconds))
        {
            Signal(Native.SigKill);
            Processes.Wait(() => !running.IsAlive, double.PositiveInfinity);
        }
    }
}

/// <summary>What /proc says. Only processes of the agent's own mount namespace are ever acted upon: there is one hosting
/// instance per namespace, and another's members may have the same uids.</summary>
internal static class Processes
{
    private static readonly string? Own = new FileInfo("/proc/self/ns/mnt").LinkTarget;

    public static (char State, int Parent, long Started)? Stat(int pid) => Unless<(char, int, long)?>(null, () =>
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        // The name in brackets may hold anything, spaces and brackets too; the fields follow its last bracket.
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
    });

    /// <summary>Waits until it is so, looking every few milliseconds; false when the time was up before.</summary>
    public static bool Wait(Func<bool> so, double milliseconds, int look = 5)
    {
        for (var began = Environment.TickCount64; !so(); Thread.Sleep(look))
        {
            if (Environment.TickCount64 - began > milliseconds)
            {
                return false;
            }
        }

        return true;
    }

    public static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(p => p > 0);

    /// <summary>Programs that the agent itself runs as a member just now, for an archive or a move: they and their children are not the member's.</summary>
    private static readonly ConcurrentDictionary<int, bool> AtWork = new();

    /// <summary>No pass ends this one until it is disposed of.</summary>
    public static IDisposable Spare(int pid) => new Spared(pid);

    /// <summary>Every live process by the uid it runs as, for uids of our range; without what the agent runs itself.</summary>
    public static ILookup<int, int> ByUid() =>
        All().Select(pid => (Pid: pid, Uid: UidOf(pid))).Where(p => Identity.IsOurs(p.Uid) && IsOurs(p.Pid) && !AtWork.ContainsKey(p.Pid) && !AtWork.ContainsKey(Stat(p.Pid)?.Parent ?? 0)).ToLookup(p => p.Uid, p => p.Pid);

    public static IEnumerable<int> ChildrenOf(int parent) => All().Where(pid => Stat(pid) is { } s && s.Parent == parent && s.State != 'Z');

    /// <summary>How many sockets it holds, once it really is stopped: a signal takes effect a moment after it was sent.</summary>
    public static int Sockets(int pid)
    {
        Wait(() => Stat(pid) is not { State: not ('T' or 'Z') }, 100, look: 1);
        return Stat(pid) is not { State: 'T' } ? int.MaxValue
            : Unless(int.MaxValue, () => new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos().Count(f => f.LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true));
    }

    public static string CommandLine(int pid) => Unless("", () => File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ').TrimEnd());

    /// <summary>Ends everything that runs as a uid of ours, again and again until nothing is left that could fork.</summary>
    public static void EndAllOf(int uid)
    {
        bool AreGone()
        {
            var pids = ByUid()[uid].Where(pid => Running.Of(pid) is not null).ToList();
            pids.ForEach(pid => _ = Native.kill(pid, Native.SigKill));
            return pids.Count == 0;
        }

        if (!Wait(AreGone, 10_000))
        {
            throw new MachineException($"Processes of uid {uid} do not end.");
        }
    }

    private static int UidOf(int pid) => Unless(-1, () =>
        File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal)) is { } line ? int.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture) : -1);

    private static bool IsOurs(int pid) => Unless(false, () => new FileInfo($"/proc/{pid}/ns/mnt").LinkTarget == Own);

    /// <summary>A process may end while it is looked at.</summary>
    private static T Unless<T>(T gone, Func<T> look)
    {
        try
        {
            return look();
        }
        catch (Exception no) when (no is IOException or UnauthorizedAccessException)
        {
            return gone;
        }
    }

    private sealed class Spared : IDisposable
    {
        private readonly int pid;

        public Spared(int pid) => AtWork[this.pid = pid] = true;

        public void Dispose() => AtWork.TryRemove(pid, out _);
    }
}
