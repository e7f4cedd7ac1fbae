using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Archives of accounts. Files are read and written as the member, so that no link, device or name in a home or in an
/// archive leads root anywhere; restic sees one stream and runs as Panel's user, who owns the repositories.</summary>
internal sealed partial class Backups(AgentOptions options, Host host)
{
    private const string Archive = "account.tar";

    private static readonly Dictionary<string, string> Letters = new() { ["LC_ALL"] = "C.UTF-8" };

    // Two archives at once would only make each other slow.
    private static readonly SemaphoreSlim One = new(1);

    public Repositories Repositories { get; } = new(options);

    public async Task<(string? Failure, BackupMade? Made)> RunAsync(AccountState account, AgentWork work, BackupOrder order, CancellationToken ct)
    {
        await One.WaitAsync(ct);
        try
        {
            return work switch
            {
                AgentWork.Backup => (null, await BackUpAsync(account, order, ct)),
                AgentWork.Forget => (await Repositories.ForgetAsync(account, ct), null),
                AgentWork.Trial => (null, await new TrialRestore(host, this).RunAsync(account, order, ct)),
                AgentWork.Contents => (null, await FindAsync(account, order, ct)),
                _ => (null, await RestoreAsync(account, order, ct)),
            };
        }
        catch (Exception no) when (no is MachineException or IOException or UnauthorizedAccessException)
        {
            return (no.Message, null);
        }
        finally
        {
            One.Release();
        }
    }

    /// <summary>Writes home, private, the sites and a dump of each database as one tar; says what could not be read.</summary>
    public async Task<IReadOnlyList<string>> ArchiveAsync(AccountState account, Stream to, CancellationToken ct, List<CountedDatabase>? counted = null)
    {
        var (uid, notes, names, trash) = (account.Uid, new List<string>(), new Pipe(), account.IsGone ? host.Volume.TrashOf(account.Uid) : []);
        var tree = account.IsGone ? trash.Where(Directory.Exists).Max(StringComparer.Ordinal) ?? throw new MachineException("Nothing is left of this account.") : host.Layout.Tree(account.Handle);
        var work = $"{host.Layout.Root}/work/{Guid.NewGuid():n}";
        Files.Directory($"{host.Layout.Root}/work", Modes.Traverse);
        Files.Directory(work, Modes.Group, 0, uid);
        Files.Directory($"{work}/databases", Modes.Group, 0, uid);
        try
        {
            foreach (var database in (account.Databases ?? []).Where(Grammar.IsDatabase))
            {
                var (place, key) = ($"{work}/databases/{FileOf(database)}", Databases.KeyOf(account.Handle, database));
                await using var file = new FileStream(place, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Modes.Secret });
                if (!account.IsGone)
                {
                    var before = counted is null ? null : await host.Databases.RowsAsync(key, uid, ct);
                    await host.Databases.WithLoginAsync(key, uid, dump: true, (command, secret) => MustAsync(command, secret, null, file, ct));
                    if (before is not null)
                    {
                        var after = await host.Databases.RowsAsync(key, uid, ct);
                        counted!.Add(new CountedDatabase(database.Name, before.Count == after.Count && before.All(after.Contains) ? after : null));
                    }
                }
                else if (trash.Where(t => Path.GetFileName(t).StartsWith($"{key.Replace('/', '.')}.sql-", StringComparison.Ordinal)).Max(StringComparer.Ordinal) is { } dump)
                {
                    await using var kept = File.OpenRead(dump);
                    await kept.CopyToAsync(file, ct);
                }

                file.Close();
                Native.Own(place, 0, uid);
                File.SetUnixFileMode(place, Modes.GroupFile);
            }

            string[] parts = ["home", "private", .. account.Sites.Where(s => Grammar.IsSiteName(s.Name)).Select(s => $"sites/{s.Name}/public").Where(p => Directory.Exists($"{tree}/{p}"))];
            // tar alone would go down a chain of folders for ever, with a name that grows by each.
            var find = PipeAsync(Commands.As(uid, ["/usr/bin/find", .. parts, .. Moving.TooLong, "-print0", "-o", "-print0"]), null, null, names.Writer.AsStream(), ct, tree).Into(names);
            var tar = await PipeAsync(Commands.As(uid, ["/usr/bin/tar", "-c", "-f", "-", "--format=posix", "--sparse", "--ignore-failed-read", "--no-recursion", "--null", "-T", "-", "--recursion", "-C", work, "databases"]), null, names.Reader.AsStream(), to, ct, tree);
            notes.AddRange($"{(await find).Error}\n{tar.Error}".Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(20));
            return (tar.Code, (await find).Code) is (0 or 1, 0 or 1) ? notes : throw new MachineException($"The files could not be read: {tar.Reason}");
        }
        finally
        {
            Volume.Discard(work);
        }
    }

    private async Task<BackupMade> BackUpAsync(AccountState account, BackupOrder order, CancellationToken ct)
    {
        await Repositories.OpenAsync(account.Handle, order, ct);

        var pipe = new Pipe();
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var counted = new Summed(pipe.Writer.AsStream(), sum);
        var said = new MemoryStream();
        var keep = Repositories.RunAsync(account.Handle, order.Secret, pipe.Reader.AsStream(), said, ct, "backup", "--stdin", "--stdin-filename", Archive, "--host", account.Handle, "--json");
        Exception? broken = null;
        IReadOnlyList<string> notes = [];
        var rows = new List<CountedDatabase>();
        try
        {
            notes = await ArchiveAsync(account, counted, ct, rows);
        }
        catch (Exception no) when (no is MachineException or IOException)
        {
            broken = no;
        }

        await pipe.Writer.CompleteAsync();
        Must(await keep);
        var id = SnapshotId().Match(Encoding.UTF8.GetString(said.ToArray())).Groups[1].Value;
        if (broken is not null)
        {
            // Half an archive must not be taken for a backup.
            await Repositories.RunAsync(account.Handle, order.Secret, null, Stream.Null, ct, "forget", id);
            throw new MachineException(broken.Message);
        }

        return new BackupMade(account.Handle, id, counted.Length, Convert.ToHexStringLower(sum.GetCurrentHash()), notes, await Repositories.ThinAsync(account.Handle, order, ct), rows);
    }

    public async Task<BackupMade> ReadBackAsync(AccountState account, BackupOrder order, Stream to, CancellationToken ct)
    {
        if (!SnapshotName().IsMatch(order.Snapshot ?? ""))
        {
            throw new MachineException("This is not the id of a backup.");
        }

        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var counted = new Summed(to, sum);
        Must(await Repositories.RunAsync(account.Handle, order.Secret, null, counted, ct, "dump", order.Snapshot!, Archive));
        return new BackupMade(account.Handle, order.Snapshot!, counted.Length, Convert.ToHexStringLower(sum.GetCurrentHash()), []);
    }

    private async Task<BackupMade> RestoreAsync(AccountState account, BackupOrder order, CancellationToken ct)
    {
        var (tree, pipe) = (host.Layout.Tree(account.Handle), new Pipe());
        if (!account.IsOpen || order.Path is { } path && (path.Length == 0 || path[0] is '/' or '-' || path.Split('/').Contains("..") || path.Contains('\0', StringComparison.Ordinal)))
        {
            throw new MachineException("Only an active account is restored, and a path is one inside it, such as home/letter.txt or sites/web/public.");
        }

        var database = (account.Databases ?? []).FirstOrDefault(d => d.Name == order.Database && Grammar.IsDatabase(d));
        if (order.Database is not null && database is null)
        {
            throw new MachineException($"There is no database {order.Database} to restore into; add it first.");
        }

        var place = order.Beside ? $"{tree}/home/restored-{order.Snapshot}" : tree;
        string[] what = database is not null ? [$"databases/{FileOf(database)}"] : order.Path is { } one ? [one] : order.Beside ? [] : ["home", "private", .. account.Sites.Where(s => Grammar.IsSiteName(s.Name)).Select(s => $"sites/{s.Name}/public").Where(p => Directory.Exists($"{tree}/{p}"))];
        if (database is null || order.Beside)
        {
            Must(await PipeAsync(Commands.As(account.Uid, "/usr/bin/mkdir", "-p", "--", place), null, null, Stream.Null, ct));
            return await RestoreAsync(account, order, place, what, ct);
        }

        var (rows, feed) = (new Pipe(), new Pipe());
        var read = ReadBackAsync(account, order, feed.Writer.AsStream(), ct).Into(feed);
        var tar = TarAsync(account.Uid, feed, rows.Writer.AsStream(), tree, ["-x", "-O", "--", .. what], ct).Into(rows);
        await host.Databases.WithLoginAsync(Databases.KeyOf(account.Handle, database), account.Uid, dump: false, (command, secret) => MustAsync(command, secret, rows.Reader.AsStream(), Stream.Null, ct));
        Must(await tar);
        return await read;
    }

    private async Task<BackupMade> RestoreAsync(AccountState account, BackupOrder order, string place, string[] what, CancellationToken ct)
    {
        var (made, done) = await SaidAsync(account, order, place, ["-x", "-vv", "--numeric-owner", "--full-time", "--", .. what], ["-m", "200", "^h"], ct);
        var notes = done.Error.Split('\n').Where(l => l.Length > 0 && !l.EndsWith("due to previous errors", StringComparison.Ordinal)).ToList();
        // The file that a second name belongs to was not asked for: tar tied the name to what the first one is today, or to nothing.
        foreach (var link in OtherName().Matches(done.Output).Where(l => what.Length > 0 && !what.Any(w => $"{l.Groups[2].Value}/".StartsWith($"{w.Replace("\\", "\\\\", StringComparison.Ordinal)}/", StringComparison.Ordinal))).Take(20))
        {
            var (name, first) = (link.Groups[1].Value, link.Groups[2].Value);
            // A name that tar does not write as it is cannot be asked for as it is.
            var again = link.Value.Contains('\\', StringComparison.Ordinal) ? new Ran(1, "", "its letters cannot be asked for")
                : (await SaidAsync(account, order, place, ["-x", $"--transform=s,^.*$,{name.Replace("&", "\\&", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)},", "--", first], ["^h"], ct)).Tar;
            notes.RemoveAll(n => n.Contains($": {name}: Cannot hard link", StringComparison.Ordinal));
            notes.AddRange(again.Code == 0 ? [] : [$"{name} is another name of {first}, which did not come along: {again.Reason}"]);
        }

        return made with { Notes = [.. notes.Take(20)] };
    }

    /// <summary>Names in a backup that hold the text, 50 at most.</summary>
    private async Task<BackupMade> FindAsync(AccountState account, BackupOrder order, CancellationToken ct)
    {
        var (made, tar) = await SaidAsync(account, order, "/", ["-t", "--quoting-style=literal"], ["-i", "-m", "50", "-F", "-e", order.Path ?? ""], ct);
        return made with { Notes = [.. tar.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)] };
    }

    /// <summary>Reads a backup through the member's own tar; of what that lists, the lines that grep lets through, of these the first 64 KiB.</summary>
    public async Task<(BackupMade Made, Ran Tar)> SaidAsync(AccountState account, BackupOrder order, string place, IReadOnlyList<string> arguments, IReadOnlyList<string> grep, CancellationToken ct)
    {
        var (archive, said, kept) = (new Pipe(), new Pipe(), new Pipe());
        var read = ReadBackAsync(account, order, archive.Writer.AsStream(), ct).Into(archive);
        var tar = TarAsync(account.Uid, archive, said.Writer.AsStream(), place, arguments, ct).Into(said);
        var sieve = PipeAsync(Commands.As(account.Uid, ["/usr/bin/grep", "-a", .. grep]), Letters, said.Reader.AsStream(), kept.Writer.AsStream(), ct).Into(kept);
        var lines = Encoding.UTF8.GetString(await Moving.UpToAsync(kept.Reader.AsStream(), 64 << 10, ct));
        await Task.WhenAll(read, tar, sieve);
        return (await read, await tar with { Output = lines });
    }

    // A name is bytes, not tar's own spelling of them: \101 is not A, and would write over it.
    private static Task<Ran> TarAsync(int uid, Pipe archive, Stream to, string place, IReadOnlyList<string> arguments, CancellationToken ct) =>
        PipeAsync(Commands.As(uid, ["/usr/bin/tar", "-f", "-", "-C", place, "--no-same-owner", "--no-unquote", .. arguments]), Letters, archive.Reader.AsStream(), to, ct);

    public static string FileOf(DatabaseState database) => $"{database.Name}.{(database.Engine == DatabaseEngine.Mariadb ? "mariadb" : "postgres")}.sql";

    public static async Task<Ran> MustAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> secret, Stream? input, Stream output, CancellationToken ct)
    {
        var ran = await PipeAsync(command, secret, input, output, ct);
        Must(ran);
        return ran;
    }

    public static void Must(Ran ran)
    {
        if (ran.Code != 0)
        {
            throw new MachineException(ran.Reason.Length > 0 ? ran.Reason : "A program of the backup failed.");
        }
    }

    public static async Task<Ran> PipeAsync(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, Stream? input, Stream output, CancellationToken ct, string directory = "/")
    {
        using var process = Commands.Start(command, directory, environment);
        using var work = Processes.Spare(process.Id);
        using var stop = ct.Register(() => process.Kill());
        var error = Commands.ReadAsync(process.StandardError.BaseStream);
        var taken = process.StandardOutput.BaseStream.CopyToAsync(output, ct);
        try
        {
            await (input?.CopyToAsync(process.StandardInput.BaseStream, ct) ?? Task.CompletedTask);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all; its code says why.
        }

        // Whoever fills the stream must come to an end too.
        await (input?.CopyToAsync(Stream.Null, ct) ?? Task.CompletedTask);
        await taken;
        await process.WaitForExitAsync(ct);
        return new Ran(process.ExitCode, "", await error);
    }

    // What tar lists of a file that is only another name of an earlier one. A time that is shorter than one before it is filled up with spaces.
    [GeneratedRegex(@"^h\S+ +\S+ +\d+ \S+ \S+ +(\S.*?) link to (.+)$", RegexOptions.Multiline)]
    private static partial Regex OtherName();

    [GeneratedRegex("\"snapshot_id\":\"([0-9a-f]{8,64})\"")]
    private static partial Regex SnapshotId();

    [GeneratedRegex(@"^[0-9a-f]{8,64}\z")]
    private static partial Regex SnapshotName();

    /// <summary>Passes on what is written, counted and summed.</summary>
    public sealed class Summed(Stream to, IncrementalHash sum) : MemoryStream
    {
        private long length;

        public override long Length => length;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            sum.AppendData(buffer.Span);
            length += buffer.Length;
            await to.WriteAsync(buffer, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
