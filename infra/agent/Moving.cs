using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>One side of an account's move. The host that has it lists what is there, the other one what has arrived already, and only the
/// difference goes over: a pass that was broken off goes on where it was. All of it is read and written as the member, relayed by Panel;
/// root sees names and bytes pass and opens none of them.</summary>
internal sealed class Moving(Host host, AgentLink link, Repositories repositories)
{
    // Names are bytes; Latin-1 gives each of them back as it was.
    private static readonly Encoding Bytes = Encoding.Latin1;

    // No program can open a path of PATH_MAX bytes and more. What is below is not even listed: its names alone could fill the memory.
    public static readonly string[] TooLong = ["-regextype", "posix-extended", "-regex", ".{4096,}", "-prune"];

    // One line of find(1) for each kind that an account can have: all that must be the same on the other host, and, with one letter only, what stays behind. Sockets belong to processes.
    private static readonly string[] Kinds = [.. TooLong, "-printf", @"x\0%p\0", "-o", "-type", "s", "-printf", @"s\0%p\0", "-o", "(", "-type", "d", "-printf", @"d %m\0%p\0", "-o", "-type", "f", "-printf", @"f %m %s %T@\0%p\0", "-o", "-type", "l", "-printf", @"l %l\0%p\0", "-o", "-type", "p", "-printf", @"p %m\0%p\0", ")"];

    public async Task<MoveReport> RunAsync(AccountState account, AgentRequest request, CancellationToken ct)
    {
        var (send, last) = (request.Work == AgentWork.Send, request.Move?.Last == true);
        if (!send && account.Hold != AccountHold.Arriving)
        {
            throw new MachineException("This account does not arrive here.");
        }

        if (send && last && ((account.Hold != AccountHold.Leaving && account.Status != AccountStatus.Suspended) || Processes.ByUid()[account.Uid].Any(p => Running.Of(p) is not null)))
        {
            throw new MachineException("The account can still be written.");
        }

        if (last || !send)
        {
            // What its owner may not read could not be moved as the owner.
            Must(await AsMemberAsync(account, ["/usr/bin/find", .. Roots(account), .. TooLong, "-o", "(", "-type", "d", "!", "-perm", "-700", "-o", "-type", "f", "!", "-perm", "-400", ")", "-exec", "/usr/bin/chmod", "u+rwX", "{}", ";"], null, Stream.Null, ct));
        }

        return send ? await SendAsync(account, request.Id, last, ct) : await ReceiveAsync(account, request.Id, last, ct);
    }

    private async Task<MoveReport> SendAsync(AccountState account, long id, bool last, CancellationToken ct)
    {
        var there = await TakeListAsync(id, "have", ct);
        var (here, left) = await ListAsync(account, last, ct);
        await GiveAsync(id, "list", to => to.WriteAsync(Written(here.SelectMany(e => new[] { e.Value, e.Key })), ct).AsTask(), ct);
        var missing = here.Where(e => there.GetValueOrDefault(e.Key) != e.Value).Select(e => e.Key).ToList();
        await GiveAsync(id, "files", async to =>
        {
            var tar = await AsMemberAsync(account, ["/usr/bin/tar", "-c", "-f", "-", "--format=posix", "--sparse", "--ignore-failed-read", "--no-recursion", "--null", "--verbatim-files-from", "-T", "-"], new MemoryStream(Written(missing)), to, ct);
            Must(tar, last ? 0 : 2);
        }, ct);
        var databases = new List<MovedDatabase>();
        foreach (var database in Databases(account))
        {
            var key = Agent.Databases.KeyOf(account.Handle, database);
            using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var bytes = 0L;
            await GiveAsync(id, PartOf(database), async to =>
            {
                var counted = new Backups.Summed(to, sum);
                await host.Databases.WithLoginAsync(key, account.Uid, dump: true, (command, secret) => Backups.MustAsync(command, secret, null, counted, ct));
                bytes = counted.Length;
            }, ct);
            databases.Add(new MovedDatabase(database.Name, bytes, Convert.ToHexStringLower(sum.GetHashAndReset()), await host.Databases.RowsAsync(key, account.Uid, ct)));
        }

        await GiveAsync(id, "backups", to => last ? Task.CompletedTask : repositories.GiveAsync(account.Handle, to, ct), ct);
        await GiveCertificatesAsync(account, id, ct);
        return ReportOf(here, missing.Count, databases) with { Left = left };
    }

    private async Task<MoveReport> ReceiveAsync(AccountState account, long id, bool last, CancellationToken ct)
    {
        var (here, _) = await ListAsync(account, strict: true, ct);
        await GiveAsync(id, "have", to => to.WriteAsync(Written(here.SelectMany(e => new[] { e.Value, e.Key })), ct).AsTask(), ct);
        var wanted = await TakeListAsync(id, "list", ct);
        var gone = here.Where(e => wanted.GetValueOrDefault(e.Key)?[0] != e.Value[0] && !Roots(account).Contains(e.Key)).Select(e => e.Key);
        Must(await AsMemberAsync(account, ["/usr/bin/xargs", "-0", "-r", "/usr/bin/rm", "-rf", "--"], new MemoryStream(Written(gone)), Stream.Null, ct));
        await TakeAsync(id, "files", async from => Must(await AsMemberAsync(account, ["/usr/bin/tar", "-x", "-p", "--no-same-owner", "-f", "-"], from, Stream.Null, ct)), ct);
        var databases = new List<MovedDatabase>();
        foreach (var database in Databases(account))
        {
            var key = Agent.Databases.KeyOf(account.Handle, database);
            host.Databases.Remake(key, new Access(database.Verifier, Locked: true));
            using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var passing = new System.IO.Pipelines.Pipe();
            var counted = new Backups.Summed(passing.Writer.AsStream(), sum);
            await TakeAsync(id, PartOf(database), async from =>
            {
                var load = host.Databases.WithLoginAsync(key, account.Uid, dump: false, (command, secret) => Backups.MustAsync(command, secret, passing.Reader.AsStream(), Stream.Null, ct));
                try
                {
                    await from.CopyToAsync(counted, ct);
                }
                finally
                {
                    await passing.Writer.CompleteAsync();
                    await load;
                }
            }, ct);
            databases.Add(new MovedDatabase(database.Name, counted.Length, Convert.ToHexStringLower(sum.GetHashAndReset()), await host.Databases.RowsAsync(key, account.Uid, ct)));
        }

        await TakeAsync(id, "backups", from => last ? from.CopyToAsync(Stream.Null, ct) : repositories.TakeAsync(account.Handle, from, ct), ct);
        var certificates = await TakeCertificatesAsync(account, id, ct);
        return ReportOf((await ListAsync(account, strict: true, ct)).List, wanted.Count(e => here.GetValueOrDefault(e.Key) != e.Value), databases) with { Certificates = certificates };
    }

    private async Task GiveCertificatesAsync(AccountState account, long id, CancellationToken ct)
    {
        var words = account.Sites.Where(s => Grammar.IsSiteName(s.Name)).SelectMany(s => host.Certificates.Give(account.Handle, s.Name) is { } has ? new[] { s.Name, has.Chain, has.Key } : []);
        var whole = SealedBox.Seal(await TakeBytesAsync(id, "seal", 1024, ct), PurposeOf(account), Written(words));
        await GiveAsync(id, "certificates", to => to.WriteAsync(whole, ct).AsTask(), ct);
    }

    /// <summary>What became of each that came; a bad one is ordered anew and stops nothing.</summary>
    private async Task<IReadOnlyList<string>> TakeCertificatesAsync(AccountState account, long id, CancellationToken ct)
    {
        using var box = new SealedBox();
        await GiveAsync(id, "seal", to => to.WriteAsync(box.Address, ct).AsTask(), ct);
        var whole = await TakeBytesAsync(id, "certificates", (account.Sites.Count + 1) * ForeignCertificate.MostLetters, ct);
        return Settle(account, host.Certificates, () => Bytes.GetString(box.Open(PurposeOf(account), whole)).Split('\0'));
    }

    public static IReadOnlyList<string> Settle(AccountState account, Certificates certificates, Func<string[]> open)
    {
        try
        {
            // The other host names sites; what is looked up and written is by Panel's own word for them.
            return [.. open().Chunk(3).Where(c => c.Length == 3).Select(c => account.Sites.FirstOrDefault(s => s.Name == c[0] && Grammar.IsSiteName(s.Name)) is { } site
                ? certificates.Take(account.Handle, site, c[1], c[2]) : "a certificate came for no site of this account and is not taken")];
        }
        catch (CryptographicException broken)
        {
            return [$"the certificates that came could not be opened and are ordered anew: {broken.Message}"];
        }
    }

    private static string PurposeOf(AccountState account) => $"Panel: the certificates of {account.Handle}, {account.Uid}";

    private static MoveReport ReportOf(SortedDictionary<string, string> list, long sent, IReadOnlyList<MovedDatabase> databases) => new(
        list.Count, list.Values.Where(v => v[0] == 'f').Sum(v => long.Parse(v.Split(' ')[2], CultureInfo.InvariantCulture)),
        Convert.ToHexStringLower(SHA256.HashData(Written(list.SelectMany(e => new[] { e.Value, e.Key })))), sent, databases);

    /// <summary>What is there by path; <paramref name="strict"/> when nothing may change meanwhile, so that what cannot be read is an error. What
    /// nothing can carry is told beside it.</summary>
    private async Task<(SortedDictionary<string, string> List, IReadOnlyList<string> Left)> ListAsync(AccountState account, bool strict, CancellationToken ct)
    {
        var (names, sums) = (new MemoryStream(), new MemoryStream());
        var most = strict ? 0 : int.MaxValue;
        Must(await AsMemberAsync(account, ["/usr/bin/find", .. Roots(account), .. Kinds], null, names, ct), most);
        var list = Read(names.ToArray());
        var left = list.Where(e => e.Value.Length == 1).ToList();
        left.ForEach(e => list.Remove(e.Key));
        Must(await AsMemberAsync(account, ["/usr/bin/xargs", "-0", "-r", "/usr/bin/sha256sum", "-bz", "--"], new MemoryStream(Written(list.Where(e => e.Value[0] == 'f').Select(e => e.Key))), sums, ct), most);
        // "HASH *PATH"; with -z nothing in a name is escaped.
        foreach (var line in Bytes.GetString(sums.ToArray()).Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(l => l.Length > 66 && list.ContainsKey(l[66..])))
        {
            list[line[66..]] += $" {line[..64]}";
        }

        return (list, [.. left.Take(20).Select(e => $"{e.Value} {Encoding.UTF8.GetString(Bytes.GetBytes(e.Key[..Math.Min(e.Key.Length, 500)]))}")]);
    }

    private static SortedDictionary<string, string> Read(byte[] written)
    {
        var list = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var words = Bytes.GetString(written).Split('\0');
        for (var i = 0; i + 1 < words.Length; i += 2)
        {
            list[words[i + 1]] = words[i];
        }

        return list;
    }

    private static byte[] Written(IEnumerable<string> words) => Bytes.GetBytes(string.Concat(words.Select(w => w + '\0')));

    /// <summary>Everything in a tree that is the member's. Logs, and what was put aside, stay on the old host.</summary>
    private string[] Roots(AccountState account) => ["home", "private", "tmp", "sessions", .. account.Sites.Where(s => Grammar.IsSiteName(s.Name)).Select(s => $"sites/{s.Name}/public").Where(p => Directory.Exists($"{host.Layout.Tree(account.Handle)}/{p}"))];

    private static IEnumerable<DatabaseState> Databases(AccountState account) => (account.Databases ?? []).Where(Grammar.IsDatabase).OrderBy(PartOf, StringComparer.Ordinal);

    private static string PartOf(DatabaseState database) => $"{(database.Engine == DatabaseEngine.Mariadb ? "mariadb" : "postgres")}-{database.Name}";

    private Task<Ran> AsMemberAsync(AccountState account, string[] command, Stream? input, Stream output, CancellationToken ct) =>
        Backups.PipeAsync(Commands.As(account.Uid, command), null, input, output, ct, host.Layout.Tree(account.Handle));

    private async Task<byte[]> TakeBytesAsync(long id, string part, int most, CancellationToken ct)
    {
        byte[] kept = [];
        await TakeAsync(id, part, async from => kept = await UpToAsync(from, most, ct), ct);
        return kept;
    }

    /// <summary>All of it, or as soon as it is longer than it may be, a little more than that: what then comes is let pass.</summary>
    public static async Task<byte[]> UpToAsync(Stream from, int most, CancellationToken ct)
    {
        using var kept = new MemoryStream();
        var block = new byte[8192];
        for (int count; kept.Length <= most && (count = await from.ReadAsync(block, ct)) > 0;)
        {
            kept.Write(block, 0, count);
        }

        await from.CopyToAsync(Stream.Null, ct);
        return kept.ToArray();
    }

    private async Task<SortedDictionary<string, string>> TakeListAsync(long id, string part, CancellationToken ct) => Read(await TakeBytesAsync(id, part, int.MaxValue, ct));

    private async Task TakeAsync(long id, string part, Func<Stream, Task> read, CancellationToken ct) => Must(await link.DownloadAsync($"transfers/{id}/{part}", read, ct));

    private async Task GiveAsync(long id, string part, Func<Stream, Task> write, CancellationToken ct) => Must(await link.UploadAsync($"transfers/{id}/{part}", write, ct));

    private static void Must(string? failure)
    {
        if (failure is not null)
        {
            throw new MachineException(failure);
        }
    }

    private static void Must(Ran ran, int most = 0) => Must(ran.Code >= 0 && ran.Code <= most ? null : ran.Reason.Length > 0 ? ran.Reason : $"A program of the move ended with {ran.Code}.");
}
