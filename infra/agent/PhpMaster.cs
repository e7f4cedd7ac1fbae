using System.Net.Sockets;

namespace Panel.Agent;

/// <summary>One listening socket and, while it is in use, the program behind it: an account's php-fpm master or a member's own
/// program. Not safe for several threads.</summary>
internal sealed class PhpMaster : IDisposable
{
    private readonly Layout layout;
    private readonly Socket socket;
    private long startedAt;
    private long? idleSince;
    private bool orphans = true;

    private PhpMaster(Layout layout, Served served, int token, Socket socket) => (this.layout, Served, Token, this.socket) = (layout, served, token, socket);

    public int Token { get; }

    public Served Served { get; set; }

    public Running? Process { get; private set; }

    /// <summary>A pidfd: readable when the process has ended.</summary>
    public int ProcessHandle { get; private set; } = -1;

    public int Listener => (int)socket.SafeHandle.DangerousGetHandle();

    /// <summary>No new master before this tick, because the last one fell over.</summary>
    public long RestUntil { get; set; }

    private string Record => $"{layout.Daemons}/{Served.Key}";

    /// <summary>Takes over the socket of a master that an earlier agent left running; else ends what is left of it and
    /// puts a new socket in place by rename.</summary>
    public static PhpMaster Open(Layout layout, Served served, int token)
    {
        var left = Daemon.ReadRecord($"{layout.Daemons}/{served.Key}");
        if (served.Php && left is { IsAlive: true } running && File.Exists(served.Socket))
        {
            var process = Native.pidfd_open(running.Pid, 0);
            var listener = process < 0 ? -1 : Native.pidfd_getfd(process, 3, 0);
            if (listener >= 0)
            {
                var socket = new Socket(new SafeSocketHandle(listener, ownsHandle: true));
                return new PhpMaster(layout, served, token, socket) { Process = running, ProcessHandle = process };
            }
        }

        // What a member's program holds as descriptor 3 by now is not to be trusted: it starts again at a new socket.
        left?.Signal(Native.SigTerm);
        var fresh = new PhpMaster(layout, served, token, Listen(served.Socket));
        foreach (var pid in served.Php ? Processes.ByUid()[served.Uid].Where(IsOurFpm) : [])
        {
            _ = Native.kill(pid, Native.SigQuit);
        }

        return fresh;
    }

    public void Start()
    {
        (startedAt, idleSince) = (Environment.TickCount64, null);
        var pid = Spawn.Detached(Served.Command, Served.Environment, Listener);
        Process = Running.Of(pid);
        if (Process is null)
        {
            Ended();
            return;
        }

        ProcessHandle = Native.pidfd_open(pid, 0);
        Native.Check(ProcessHandle, "watch", Served.Key);
        Daemon.WriteRecord(Record, Process.Value);
    }

    /// <summary>After the process ended. Workers of a master that was killed would go on for ever: they are asked to stop.</summary>
    public void Ended()
    {
        _ = Native.close(ProcessHandle);
        (Process, ProcessHandle) = (null, -1);
        File.Delete(Record);
        var fell = Environment.TickCount64 - startedAt < 1000 && startedAt != 0;
        RestUntil = fell ? Environment.TickCount64 + 250 : 0;
        // Whoever waits for a program that falls over is told so now and not after a minute.
        while (fell && !Served.Php && socket.Poll(0, SelectMode.SelectRead))
        {
            socket.Accept().Dispose();
        }

        orphans = Served.Php;
    }

    /// <summary>Ends the master alone. Its workers finish what they have: told to quit, a worker of php-fpm may drop the
    /// request that it is just taking up (tried), so they are told nothing and leave by <see cref="EndIdleOrphans"/>.</summary>
    public void Replace() => Process?.Signal(Served.Php ? Native.SigKill : Native.SigTerm);

    /// <summary>Ends workers without a master as soon as they have no request: one that is stopped and holds no connection
    /// cannot have taken one, so nothing is lost with it.</summary>
    public void EndIdleOrphans()
    {
        if (!orphans)
        {
            return;
        }

        var left = Processes.ByUid()[Served.Uid].Where(p => IsOurFpm(p) && p != Process?.Pid && Processes.Stat(p) is { } s && s.Parent != Process?.Pid && s.State != 'Z').ToList();
        foreach (var pid in left)
        {
            _ = Native.kill(pid, Native.SigStop);
            _ = Native.kill(pid, Processes.Sockets(pid) <= 1 ? Native.SigKill : Native.SigCont);
        }

        orphans = left.Count > 0;
    }

    public TimeSpan IdleFor()
    {
        if (!Served.Php || (Process is { } process && Processes.ChildrenOf(process.Pid).Any()))
        {
            idleSince = null;
            return TimeSpan.Zero;
        }

        idleSince ??= Environment.TickCount64;
        return TimeSpan.FromMilliseconds(Environment.TickCount64 - idleSince.Value);
    }

    public void Dispose()
    {
        if (Process is { } process)
        {
            process.End(Served.Php ? Native.SigQuit : Native.SigTerm, TimeSpan.FromSeconds(3));
            Ended();
            foreach (var pid in Served.Php ? Processes.ByUid()[Served.Uid].Where(IsOurFpm) : [])
            {
                _ = Native.kill(pid, Native.SigKill);
            }
        }

        socket.Dispose();
    }

    private static bool IsOurFpm(int pid) => Processes.CommandLine(pid).StartsWith("php-fpm: ", StringComparison.Ordinal);

    private static Socket Listen(string path)
    {
        var beside = $"{path}.new";
        File.Delete(beside);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(beside));
        Native.Own(beside, 0, Identity.NginxId);
        File.SetUnixFileMode(beside, Modes.Socket);
        socket.Listen(511);
        Native.Rename(beside, path);
        return socket;
    }
}
