namespace Panel.Agent;

/// <summary>Takes back what the agent changed on the machine: daemons, processes, users, nsswitch, mounts. Data stays.</summary>
internal static class Undo
{
    public static int Run(AgentOptions options)
    {
        using var hold = Host.Hold();
        var layout = Layout.Of(options);
        var users = new ExtraUsers(layout);
        new Databases(layout, Console.WriteLine).Stop();
        foreach (var record in Directory.Exists(layout.Daemons) ? Directory.EnumerateFiles(layout.Daemons) : [])
        {
            Daemon.ReadRecord(record)?.End(Native.SigTerm, TimeSpan.FromSeconds(5));
        }

        new FileServer(layout).Stop();
        using (var web = new WebServer(layout, Console.WriteLine))
        {
            web.Stop();
        }

        foreach (var user in users.Read().Values)
        {
            Processes.EndAllOf(user.Uid);
        }

        if (Volume.IsMounted(layout.Accounts))
        {
            Commands.Run("umount", layout.Accounts);
        }

        users.Write(null);
        NameSwitch.TakeOut(layout);
        if (Directory.Exists(layout.Run))
        {
            Directory.Delete(layout.Run, recursive: true);
        }

        File.Delete(hold.Name);
        Console.WriteLine("The machine is as before; the accounts' files stay in " + layout.Root + ".");
        return 0;
    }
}
