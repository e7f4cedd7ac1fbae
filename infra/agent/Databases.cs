using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The databases of all accounts on both servers, known by <c>engine/handle_name</c>.</summary>
internal sealed class Databases(Layout layout, Action<string> log)
{
    // No name of a member's has an underscore.
    private const string Scratch = "__trial";

    private readonly Dictionary<string, Dictionary<string, Access>> found = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DatabaseServer> servers = new(StringComparer.Ordinal) { ["mariadb"] = new MariaDb(layout), ["postgres"] = new Postgres(layout) };
    private readonly Dictionary<string, (Room Room, long Databases, long Files)> rooms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UsageReport> near = new(StringComparer.Ordinal);
    private long restUntil;

    /// <summary>One that does not start is tried again after a while; the sites go on.</summary>
    public bool IsOneDown => Environment.TickCount64 >= restUntil && servers.Values.Any(s => s.IsInUse && !s.IsRunning);

    /// <summary>Handles have no underscore, so that the first one ends the handle.</summary>
    public static string KeyOf(string handle, DatabaseState asked) => $"{(asked.Engine == DatabaseEngine.Mariadb ? "mariadb" : "postgres")}/{handle}_{asked.Name}";

    public void KeepRunning()
    {
        foreach (var server in servers.Values.Where(s => s.IsInUse && Environment.TickCount64 >= restUntil))
        {
            try
            {
                server.Converge(log);
            }
            catch (MachineException no)
            {
                log(no.Message);
                restUntil = Environment.TickCount64 + 30_000;
            }
        }
    }

    /// <summary>Looks again at what is there; between two looks the agent knows what it did itself.</summary>
    public void Observe()
    {
        found.Clear();
        foreach (var (engine, server) in servers.Where(s => s.Value.IsInUse && s.Value.IsRunning))
        {
            foreach (var (name, access) in server.Found().Where(d => !d.Key.EndsWith(Scratch, StringComparison.Ordinal)))
            {
                Note($"{engine}/{name}", access);
            }
        }
    }

    public IReadOnlyDictionary<string, Access> Of(string handle) => found.GetValueOrDefault(handle) ?? [];

    /// <summary>As it was measured last; after a restart as the databases themselves are, so that nothing opens for a moment.</summary>
    public Room RoomOf(string handle) => rooms.TryGetValue(handle, out var known) ? known.Room
        : Of(handle).Values.Where(a => a.ReadOnly).Select(a => a.Locked ? Room.Over : Room.Full).DefaultIfEmpty().Max();

    /// <summary>What is left for files of a limit on both, never less than they take; before the first measurement what is in force.</summary>
    public long? FilesOf(string handle, long? limit, long? inForce) => limit is not { } both || Of(handle).Count == 0 ? limit
        : rooms.TryGetValue(handle, out var known) ? Math.Max(both - known.Databases, known.Files) : Math.Min(both, inForce ?? both);

    /// <summary>Notes how full accounts are; those whose databases must be opened or closed for that, or whose files get another limit.</summary>
    public IReadOnlyList<string> Measure(IEnumerable<UsageReport> usage)
    {
        var crossed = new List<string>();
        foreach (var account in usage)
        {
            var room = account.DiskBytes < (account.LimitBytes ?? long.MaxValue) ? Room.Free : account.DiskBytes < account.LimitBytes * 1.1 ? Room.Full : Room.Over;
            var (before, databases) = ((RoomOf(account.Handle), FilesOf(account.Handle, account.LimitBytes, null)), account.Databases?.Sum(d => d.Bytes) ?? 0);
            // Within a fifth of the limit, or within what it would grow by in five such times.
            var grew = databases - rooms.GetValueOrDefault(account.Handle).Databases;
            near.Remove(account.Handle);
            if (account.LimitBytes is { } limit && databases > 0 && limit - account.DiskBytes < Math.Max(limit / 5, 5 * grew))
            {
                near[account.Handle] = account;
            }

            // By the megabyte, so that what trembles is no change; no file system takes 0 for a limit.
            rooms[account.Handle] = (room, (databases + 0xFFFFF) & ~0xFFFFFL, Math.Max(account.DiskBytes - databases, 4096));
            if (Of(account.Handle).Count > 0 && before != (room, FilesOf(account.Handle, account.LimitBytes, null)))
            {
                crossed.Add(account.Handle);
            }
        }

        return crossed;
    }

    /// <summary>Between two measurements, for those that are near their limit: how their databases' files have grown since, at the cost of a
    /// look at those. It closes; what opens again waits for the measurement.</summary>
    public IReadOnlyList<string> Look() => Measure([.. near.Values.Select(account =>
    {
        var known = account.Databases?.Sum(d => d.Bytes) ?? 0;
        var now = Math.Max(known, Of(account.Handle).Keys.Select(Split).Sum(d => d.Server.SizeOf(d.Name)));
        return account with { DiskBytes = account.DiskBytes - known + now, Databases = [new DatabaseUse("", now)] };
    })]);

    public void Put(string key, Access access)
    {
        var (server, name) = Split(key);
        server.Converge(log);
        server.Put(name, access);
        Note(key, access);
    }

    /// <summary>Makes it anew and empty: for what another host sends.</summary>
    public void Remake(string key, Access access)
    {
        var (server, name) = Split(key);
        server.Drop(name);
        server.Put(name, access);
    }

    /// <summary>Rows by table, counted as the member.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RowsAsync(string key, int uid, CancellationToken ct)
    {
        IReadOnlyDictionary<string, long> rows = new Dictionary<string, long>();
        await WithLoginAsync(key, uid, dump: false, async (command, secret) => rows = await CountAsync(Split(key).Server, command, secret, ct));
        return rows;
    }

    private static async Task<IReadOnlyDictionary<string, long>> CountAsync(DatabaseServer server, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> secret, CancellationToken ct)
    {
        var said = new MemoryStream();
        await Backups.MustAsync(command, secret, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(server.Count)), said, ct);
        return System.Text.Encoding.UTF8.GetString(said.ToArray()).Split('\n').Select(l => l.Split('\t')).Where(l => l.Length == 2 && long.TryParse(l[1], out _))
            .GroupBy(l => l[0]).ToDictionary(g => g.Key, g => long.Parse(g.First()[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Loads a dump into a database that is there for as long, beside the one it was made of; its rows by table.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RehearseAsync(string key, int uid, Stream dump, CancellationToken ct)
    {
        var ((server, name), password) = (Split(key), Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)));
        var (access, scratch) = (Of(HandleOf(key)).GetValueOrDefault(key) ?? throw new MachineException($"The database {name} is not there."), HandleOf(key) + Scratch);
        server.Drop(scratch);
        var user = server.LendScratch(name, scratch, access, password);
        try
        {
            var (command, variable) = server.Tool(dump: false, scratch, user);
            var secret = new Dictionary<string, string> { [variable] = password };
            await Backups.MustAsync(Commands.As(uid, command), secret, dump, Stream.Null, ct);
            return await CountAsync(server, Commands.As(uid, command), secret, ct);
        }
        finally
        {
            server.TakeBack(user == name ? name : scratch, access, user);
            server.Drop(scratch);
        }
    }

    /// <summary>Only after a dump of it lies whole at <paramref name="place"/>: what is removed can be had again for a while.</summary>
    public async Task DropAsync(string key, int uid, string place, CancellationToken ct)
    {
        var (server, name) = Split(key);
        File.Delete($"{place}.new");
        await using (var file = new FileStream($"{place}.new", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Modes.Secret }))
        {
            await WithLoginAsync(key, uid, dump: true, (command, secret) => Backups.MustAsync(command, secret, null, file, ct));
            file.Flush(flushToDisk: true);
        }

        Native.Rename($"{place}.new", place);
        server.Drop(name);
        found.GetValueOrDefault(HandleOf(key))?.Remove(key);
    }

    /// <summary>Bytes by handle and by name of the database.</summary>
    public ILookup<string, DatabaseUse> Sizes() => servers.Values.Where(s => s.IsInUse && s.IsRunning).SelectMany(s => s.Sizes())
        .Where(s => s.Key.Contains('_', StringComparison.Ordinal) && !s.Key.EndsWith(Scratch, StringComparison.Ordinal)).Select(s => (Parts: s.Key.Split('_', 2), s.Value))
        .ToLookup(s => s.Parts[0], s => new DatabaseUse(s.Parts[1], s.Value), StringComparer.Ordinal);

    /// <summary>Runs the client program as the member, never as root or as the servers' superuser: what it reads is the member's.</summary>
    public async Task WithLoginAsync(string key, int uid, bool dump, Func<IReadOnlyList<string>, IReadOnlyDictionary<string, string>, Task> run)
    {
        var ((server, name), password) = (Split(key), Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)));
        var access = Of(HandleOf(key)).GetValueOrDefault(key) ?? throw new MachineException($"The database {name} is not there yet.");
        var user = server.Lend(name, access, password);
        try
        {
            var (command, variable) = server.Tool(dump, name, user);
            await run(Commands.As(uid, command), new Dictionary<string, string> { [variable] = password });
        }
        finally
        {
            server.TakeBack(name, access, user);
        }
    }

    public void Stop() => servers.Values.ToList().ForEach(s => s.Stop());

    private void Note(string key, Access access)
    {
        if (!found.TryGetValue(HandleOf(key), out var known))
        {
            found[HandleOf(key)] = known = new(StringComparer.Ordinal);
        }

        // The plan holds on to what was seen, so it is replaced and not changed.
        found[HandleOf(key)] = new(known, StringComparer.Ordinal) { [key] = access };
    }

    private static string HandleOf(string key) => key[(key.IndexOf('/', StringComparison.Ordinal) + 1)..].Split('_')[0];

    private (DatabaseServer Server, string Name) Split(string key) => key.Split('/') is [var engine, var name] ? (servers[engine], name) : throw new InvalidOperationException(key);
}
