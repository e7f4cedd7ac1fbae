namespace Panel.Agent;

/// <summary>Holds the listening socket of every PHP account and of every member's own program and starts it at the first knock. A master without
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

    public bool IsOpen(string key)
    {
        lock (gate)
        {
            return masters.TryGetValue(key, out var known) && File.Exists(known.Served.Socket);
        }
    }

    /// <summary>The sites of the account whose own program is listened for.</summary>
    public IReadOnlySet<string> AppsOf(string handle)
    {
        lock (gate)
        {
            var start = Served.AppKey(handle, "");
            return masters.Where(m => m.Key.StartsWith(start, StringComparison.Ordinal) && File.Exists(m.Value.Served.Socket)).Select(m => m.Key[start.Length..]).ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Listens for the account, or tells its running master to end so that the next one reads a changed pool.</summary>
    public void Open(Served served)
    {
        lock (gate)
        {
            if (masters.TryGetValue(served.Key, out var known) && File.Exists(served.Socket))
            {
                known.Served = served;
                known.Replace();
                return;
            }

            Forget(served.Key);
            var master = PhpMaster.Open(layout, served, ++lastToken);
            masters[served.Key] = tokens[master.Token] = master;
            Rearm(master);
        }
    }

    public void Close(string key, string socket)
    {
        lock (gate)
        {
            File.Delete(socket);
            Forget(key);
        }
    }

    /// <summary>Ends every master; running requests get three seconds.</summary>
    public void Stop()
    {
        stopping = true;
        thread.Join();
        foreach (var master in masters.Values)
        {
            master.Process?.Signal(master.Served.Php ? Native.SigQuit : Native.SigTerm);
        }

        foreach (var key in masters.Keys.ToArray())
        {
            Forget(key);
        }
    }

    public void Dispose()
    {
        stopping = true;
        thread.Join();
        readiness.Dispose();
    }

    private void Forget(string key)
    {
        if (masters.Remove(key, out var master))
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
