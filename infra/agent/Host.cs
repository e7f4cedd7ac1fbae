namespace Panel.Agent;

/// <summary>The parts of this machine that the agent owns, made ready in the order in which they need each other.</summary>
internal sealed class Host : IDisposable
{
    private readonly AgentOptions options;
    private readonly FileStream hold;

    private Host(AgentOptions options, FileStream hold, Action<string> log)
    {
        (this.options, this.hold, Log) = (options, hold, log);
        Layout = Layout.Of(options);
        Users = new ExtraUsers(Layout);
        Volume = new Volume(options, Layout);
        Trees = new Trees(Layout, Volume);
        Vhosts = new Vhosts(Layout);
        Web = new WebServer(Layout, log);
        AccessLog = new AccessLog(Layout, Web);
        Sftp = new FileServer(Layout);
        PhpVersions = PhpPool.Versions();
        Php = new PhpMasters(Layout, options.PhpIdle, log);
        Certificates = null!;
        Databases = new Databases(Layout, log);
    }

    public Action<string> Log { get; }

    public Layout Layout { get; }

    public ExtraUsers Users { get; }

    public Volume Volume { get; }

    public Trees Trees { get; }

    public Vhosts Vhosts { get; }

    public WebServer Web { get; }

    public AccessLog AccessLog { get; }

    public FileServer Sftp { get; }

    public PhpMasters Php { get; }

    /// <summary>There once the machine is prepared.</summary>
    public Certificates Certificates { get; private set; }

    public Databases Databases { get; }

    public IReadOnlyList<string> PhpVersions { get; }

    public Ports Ports { get; private set; } = new(0, 0, 0);

    /// <summary>Makes the machine ready, or throws <see cref="MachineException"/> with what is in the way.</summary>
    public static Host Prepare(AgentOptions options, Action<string> log)
    {
        var host = new Host(options, Hold(), log);
        host.Prepare();
        return host;
    }

    /// <summary>One agent per /var/lib/extrausers; the lock ends with the process, however it ends.</summary>
    public static FileStream Hold(string path = "/var/lib/extrausers/.panel-lock")
    {
        try
        {
            Files.Directory(Path.GetDirectoryName(path)!);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new MachineException("Another agent of Panel runs on this machine; end it first.");
        }
    }

    /// <summary>Starts what is not running and mends what was changed by hand. Cheap when there is nothing to do.</summary>
    public void KeepDaemons()
    {
        try
        {
            Converge();
        }
        catch (MachineException no)
        {
            // Somebody else may have taken a port while a daemon was down.
            Log(no.Message);
            ChoosePorts();
            Converge();
        }
    }

    /// <summary>A daemon that should run and does not.</summary>
    public bool IsOneDown => Web.Running is null || Sftp.Running is null || Databases.IsOneDown;

    /// <summary>What has waited its 30 days goes.</summary>
    public void TidyUp(DateTimeOffset now)
    {
        var users = Users.Read();
        Volume.EmptyTrash([.. users.Values.Select(u => u.Uid)], now);
        Trees.EmptyRemoved(users.Keys, now);
    }

    /// <summary>Ends every daemon; the accounts and their files stay.</summary>
    public void Stop()
    {
        Php.Stop();
        Sftp.Stop();
        foreach (var user in Users.Read().Values)
        {
            Processes.EndAllOf(user.Uid);
        }

        Web.Stop();
        Databases.Stop();
    }

    public void Dispose()
    {
        Php.Dispose();
        Certificates?.Dispose();
        Web.Dispose();
        hold.Dispose();
    }

    private void Prepare()
    {
        foreach (var directory in new[] { "/srv/panel", Layout.Root, Layout.State, Layout.Log, "/run/panel", Layout.Run, Layout.Daemons })
        {
            Files.Directory(directory);
        }

        Files.Directory(Layout.State, Modes.Private);
        // Who visits whom is nobody else's business; nginx' workers open the log again after it was put aside.
        Files.Directory(Layout.Log, Modes.Group, 0, Identity.NginxId);
        if (Directory.Exists(Layout.Staging))
        {
            Directory.Delete(Layout.Staging, recursive: true);
        }

        Files.Directory(Layout.Staging, Modes.Private);
        Users.Write(Users.Read().Values);
        NameSwitch.PutIn(Layout);
        Files.Directory(Layout.PhpSockets, Modes.Group, 0, Identity.NginxId);
        Files.Directory(Layout.AppSockets, Modes.Group, 0, Identity.NginxId);
        Files.Directory(Layout.Php, Modes.Traverse);
        Files.Directory(Layout.Pages);
        Files.PutIfChanged($"{Layout.Pages}/sendmail", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "sendmail")), Modes.Directory);
        Volume.Prepare(Log);
        Trees.DiscardHalfMade();
        Certificates = new Certificates(Layout, options.Acme, TimeProvider.System, Log);
        ChoosePorts();
        KeepDaemons();
        Databases.Observe();
        Volume.Observe();
        OpenPools();
    }

    private void Converge()
    {
        foreach (var done in new[] { Web.Converge(Ports), Sftp.Converge(Ports) }.OfType<string>())
        {
            Log(done);
        }

        Databases.KeepRunning();
    }

    private void ChoosePorts()
    {
        var place = $"{Layout.State}/ports.json";
        var kept = Files.ReadOrNull(place) is { } text ? System.Text.Json.JsonSerializer.Deserialize(text, StateJson.Default.KeptPorts) : null;
        var (web, sftp) = (Web.Running is not null, Sftp.Running is not null);
        Ports = Ports.Choose(options.Wanted, kept, port => port == kept?.Chosen.SftpPort ? sftp : web);
        Files.Put(place, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new KeptPorts(options.Wanted, Ports), StateJson.Default.KeptPorts));
        if (Directory.Exists(options.Data))
        {
            Files.Put(Path.Combine(options.Data, "ports.json"), Ports.ToJson());
        }
    }

    /// <summary>Every pool listens before the first pass, whatever Panel says or whether it is there: orphans are served too.</summary>
    private void OpenPools()
    {
        foreach (var (handle, user) in Users.Read())
        {
            if (Files.ReadOrNull(Layout.Pool(handle)) is { } pool && PhpVersions.Contains(PhpPool.VersionOf(pool)))
            {
                Php.Open(Served.PhpOf(Layout, handle, user.Uid, PhpPool.VersionOf(pool)));
            }
        }
    }
}
