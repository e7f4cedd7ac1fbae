using System.Globalization;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Who may use a database: a verifier, never a password.</summary>
/// <param name="ReadOnly">The account is over its disk limit: what is there can be read and removed, and nothing is added.</param>
internal sealed record Access(string Verifier, bool Locked, bool ReadOnly = false);

/// <summary>How an account stands to its disk limit. PostgreSQL lets an owner undo a read-only default, to make room; who goes on filling
/// is shut out, at a tenth over the limit.</summary>
internal enum Room { Free, Full, Over }

/// <summary>A database server of our own, under a user of its own, reached by Unix socket only. Every name in its SQL has
/// passed <see cref="Grammar"/>; SQL goes in by standard input, so that no verifier stands in a list of processes.</summary>
internal abstract class DatabaseServer(Layout layout, string name, int uid, string program, Func<string, string[]> arguments)
{
    private readonly Daemon daemon = new(
        // It must be told to look for something or it does not start; that file never exists, as we know better what runs.
        new DaemonKind(name, "/usr/sbin/start-stop-daemon", null,
            c => ["--start", "--background", "--pidfile", $"{layout.Daemons}/none", "--output", $"{layout.Log}/{name}.log", "--chuid", $"{uid}:{uid}", "--startas", program, "--", .. arguments(c)], Native.SigInt, uid),
        $"{layout.Root}/{name}/{name}.conf", $"{layout.Run}/{name}/pid", layout);

    /// <summary>Nothing is started before somebody wants a database.</summary>
    public bool IsInUse => Directory.Exists(Data);

    public bool IsRunning => daemon.Find() is not null;

    public string Sockets => $"{layout.Run}/{name}";

    protected string Data => $"{layout.Root}/{name}/data";

    protected Layout Layout => layout;

    protected int Uid => uid;

    /// <summary>Made at first, started when it is down, and answering when this returns.</summary>
    public void Converge(Action<string> log)
    {
        Files.Directory($"{layout.Root}/{name}");
        Files.Directory(Sockets, Modes.Directory, uid, uid);
        if (!IsInUse)
        {
            var beside = $"{Data}.new";
            Volume.Discard(beside);
            Files.Directory(beside, Modes.Private, uid, uid);
            var make = Commands.As(uid, Make(beside));
            Commands.Run(make[0], [.. make.Skip(1)]);
            Native.Rename(beside, Data);
        }

        if (daemon.Converge(Configuration()) is { } done)
        {
            log(done);
            if (!Processes.Wait(() => Try("SELECT 1;").Code == 0, 30_000, look: 20))
            {
                throw new MachineException($"{name} does not answer: {Try("SELECT 1;").Reason}");
            }

            Settle();
        }
    }

    public void Stop() => daemon.Stop();

    /// <summary>Every database with a user of the same name, as it is.</summary>
    public abstract IReadOnlyDictionary<string, Access> Found();

    public abstract void Put(string database, Access access);

    public abstract void Drop(string database);

    public abstract IReadOnlyDictionary<string, long> Sizes();

    /// <summary>Bytes of one database's own files, without asking the server; 0 before its place is known.</summary>
    public long SizeOf(string database) => PlaceOf(database) is { } place && long.TryParse(Commands.Try("du", "-sx", "--block-size=1", place).Output.Split('\t')[0], CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;

    protected abstract string? PlaceOf(string database);

    /// <summary>Opens one database to a password of a moment, in place of a member's that nobody knows; returns the user's name.</summary>
    public abstract string Lend(string database, Access access, string password);

    public abstract void TakeBack(string database, Access access, string user);

    /// <summary>Makes a database beside another of the same owner, for whom <see cref="Lend"/> then opens it.</summary>
    public virtual string LendScratch(string database, string scratch, Access access, string password)
    {
        Put(scratch, access with { Locked = true });
        return Lend(scratch, access, password);
    }

    /// <summary>The program that dumps or loads a database, and the variable that holds its password.</summary>
    public abstract (IReadOnlyList<string> Command, string Variable) Tool(bool dump, string database, string user);

    /// <summary>SQL that answers with a line for each table: its name and how many rows it has.</summary>
    public abstract string Count { get; }

    protected abstract IReadOnlyList<string> Make(string directory);

    protected abstract string Configuration();

    protected abstract IReadOnlyList<string> Client { get; }

    protected virtual void Settle()
    {
    }

    protected IEnumerable<string[]> Ask(string sql) => Run(sql).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'));

    protected string Run(string sql) => Try(sql) is { Code: 0 } done ? done.Output : throw new MachineException($"{name}: {Try(sql).Reason}");

    private Ran Try(string sql) => Commands.TryWith(sql, Client[0], [.. Client.Skip(1)]);
}
