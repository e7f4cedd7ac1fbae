namespace Panel.Agent;

/// <summary>Holds the listening socket of every PHP account and starts its master at the first knock. A master without
/// children is ended after a while; the socket stays with us throughout, so that a request that comes meanwhile waits in
/// its queue and wakes the next master. (php-fpm would unlink the path when it quits, but runs as the account and may
/// not: the directory is root's.)</summary>
internal sealed class PhpMasters : IDisposable
{
    private readonly Layout layout;
    private readonly TimeSpan idle;
    private readonly Action<string> log;
    private readonly Readiness readiness = new();
    private readonly Dictionary<string, PhpMaster> masters = new(StringComparer.Ordinal);
    private readonly Dictionary<int, PhpMaster> tokens = [];
    private readonly Lock gate = new();
    private readonly Thread thread;
    private int lastToken;
    private volatile bool stopping;

    public PhpMasters(Layout layout, TimeSpan idle, Action<string> log)
    {
        (this.layout, this.idle, this.log) = (layout, idle, log);
        thread = new Thread(Watch) { IsBackground = true, Name = "php" };
        thread.Start();
    }

    public bool IsOpen(string handle)
    {
        lock (gate)
        {
            return masters.ContainsKey(handle) && File.Exists(layout.PhpSocket(handle));
        }
    }

    /// <summary>Listens for the account, or tells its running master to end so that the next one reads a changed pool.</summary>
    public void Open(string handle, int uid, string version)
    {
        lock (gate)
        {
            if (masters.TryGetValue(handle, out var known) && File.Exists(layout.PhpSocket(handle)))
            {
                known.Version = version;
                known.Replace();
                return;
            }

            Forget(handle);
            var master = PhpMaster.Open(layout, handle, uid, version, ++lastToken);
            masters[handle] = tokens[master.Token] = master;
            Rearm(master);
        }
    }

    public void Close(string handle)
    {
        lock (gate)
        {
            File.Delete(layout.PhpSocket(handle));
            Forget(handle);
        }
    }

    /// <summary>Ends every master; running requests get three seconds.</summary>
    public void Stop()
    {
        stopping = true;
        thread.Join();
        foreach (var master in masters.Values)
        {
            master.Process?.Signal(Native.SigQuit);
        }

        foreach (var handle in masters.Keys.ToArray())
        {
            Forget(handle);
        }
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
        readiness.Dispose();
    }

    private void Forget(string handle)
    {
        if (masters.Remove(handle, out var master))
        {
            tokens.Remove(master.Token);
            master.Dispose();
        }
    }

    private void Watch()
    {
        var nextLook = 0L;
        while (!stopping)
        {
            var token = readiness.Wait(250);
            lock (gate)
            {
                try
                {
                    if (token is { } ready && tokens.GetValueOrDefault(Math.Abs(ready)) is { } master)
                    {
                        Ready(master, knock: ready > 0);
                    }

                    if (Environment.TickCount64 >= nextLook)
                    {
                        nextLook = Environment.TickCount64 + 1000;
                        LookAround();
                    }
                }
                catch (MachineException no)
                {
                    log($"php: {no.Message}");
                }
            }
        }
    }

    private void Ready(PhpMaster master, bool knock)
    {
        if (knock && master.Process is null)
        {
            master.Start();
            Rearm(master);
        }
        else if (!knock && master.Process is { IsAlive: false })
        {
            master.Ended();
            Rearm(master);
        }
    }

    private void LookAround()
    {
        foreach (var master in masters.Values)
        {
            master.EndIdleOrphans();
            if (master.Process is null)
            {
                if (master.RestUntil != 0 && Environment.TickCount64 >= master.RestUntil)
                {
                    Rearm(master);
                }
            }
            else if (master.IdleFor() > idle)
            {
                master.Replace();
            }
        }
    }

    /// <summary>Waits for the end of a running master (negative token) or for a knock; one that fell over at once rests first.</summary>
    private void Rearm(PhpMaster master)
    {
        if (master.Process is not null)
        {
            readiness.Arm(master.ProcessHandle, -master.Token);
        }
        else if (Environment.TickCount64 >= master.RestUntil)
        {
            master.RestUntil = 0;
            readiness.Arm(master.Listener, master.Token);
        }
    }
}
