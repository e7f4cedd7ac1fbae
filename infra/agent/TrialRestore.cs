using System.IO.Pipelines;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Restores a whole backup into a scratch place and looks at it there: every file against the archive, the rows of each database, and
/// each site through the web server. Nothing of the account itself is touched, and nothing of it counts as the account's use.</summary>
internal sealed class TrialRestore(Host host, Backups backups)
{
    // No member can have a name below .invalid (RFC 6761), and one trial is made at a time.
    private const string Name = "trial.invalid";

    private readonly string place = host.Layout.Trial, vhost = $"{host.Layout.Vhosts}/{Name}";

    public async Task<BackupMade> RunAsync(AccountState account, BackupOrder order, CancellationToken ct)
    {
        var sites = account.Sites.Where(s => Grammar.IsSiteName(s.Name)).Select(s => s.Name).ToList();
        Clear();
        try
        {
            Files.Directory(place, Modes.Private);
            Trees.Furnish(place, account.Uid);
            Files.Directory($"{place}/databases", Modes.Private, account.Uid, account.Uid);
            foreach (var site in sites)
            {
                // As in the account itself: a member who could replace what is served would have nginx read what is not theirs.
                Files.Directory($"{place}/sites/{site}");
                Files.Directory($"{place}/sites/{site}/public", Modes.Directory, account.Uid, account.Uid);
            }

            var wrong = new List<string>();
            var (made, ran) = await backups.SaidAsync(account, order, place, ["-x"], ["^"], ct);
            wrong.AddRange(Lines(ran));
            wrong.AddRange(Lines((await backups.SaidAsync(account, order, place, ["-d"], ["-v", "-E", Harmless], ct)).Tar));
            var databases = new List<CountedDatabase>();
            foreach (var database in (account.Databases ?? []).Where(Grammar.IsDatabase))
            {
                await RehearseAsync(account, database, databases, wrong, ct);
            }

            var seen = new List<string>();
            foreach (var site in sites)
            {
                seen.Add(await VisitAsync(account.Uid, site, wrong, ct));
            }

            using var sum = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
            var dots = new Backups.Summed(Stream.Null, sum);
            Backups.Must(await Backups.PipeAsync(Commands.As(account.Uid, "/usr/bin/find", ".", "-type", "f", "-printf", "."), null, null, dots, ct, place));
            return made with { Counted = databases, Trial = new TrialFound(dots.Length, seen, [.. wrong.Take(20)]) };
        }
        finally
        {
            Clear();
        }
    }

    // The member's own tar makes everything the member's, and folders get their times before what is in them.
    private const string Harmless = ": (Uid|Gid|Mode|Mod time) differs$";

    private static IEnumerable<string> Lines(Ran ran) => ran.Output.Split('\n').Concat(ran.Error.Split('\n')).Where(l => l.Length > 0);

    private async Task RehearseAsync(AccountState account, DatabaseState database, List<CountedDatabase> counted, List<string> wrong, CancellationToken ct)
    {
        var pipe = new Pipe();
        // Read as the member: whatever the archive put there is followed with the member's rights.
        var read = Backups.PipeAsync(Commands.As(account.Uid, "/usr/bin/cat", "--", Backups.FileOf(database)), null, null, pipe.Writer.AsStream(), ct, $"{place}/databases").Into(pipe);
        try
        {
            var rows = await host.Databases.RehearseAsync(Databases.KeyOf(account.Handle, database), account.Uid, pipe.Reader.AsStream(), ct);
            Backups.Must(await read);
            counted.Add(new CountedDatabase(database.Name, rows));
        }
        catch (MachineException no)
        {
            wrong.Add($"The database {database.Name} could not be made of its dump: {no.Message}");
        }
    }

    /// <summary>Its first page as the web server gives it out, byte for byte where it is a file. A program is not run: it may write or send.</summary>
    private async Task<string> VisitAsync(int uid, string site, List<string> wrong, CancellationToken ct)
    {
        Directory.CreateDirectory(vhost);
        foreach (var (name, target) in new[] { ("public", $"{place}/sites/{site}/public"), ("tls.crt", $"{host.Layout.Vhosts}/{Vhosts.Default}/tls.crt"), ("tls.key", $"{host.Layout.Vhosts}/{Vhosts.Default}/tls.key") })
        {
            File.Delete($"{vhost}/{name}");
            File.CreateSymbolicLink($"{vhost}/{name}", target);
        }

        var first = Commands.Try(Commands.As(uid)[0], [.. Commands.As(uid, "/usr/bin/sha256sum", "-b", "--", $"{place}/sites/{site}/public/index.html").Skip(1)]);
        try
        {
            var (code, sum) = await host.Web.VisitAsync(Name, ct);
            if (code >= 500 || (first.Code == 0 && (code != 200 || !first.Output.StartsWith(sum, StringComparison.Ordinal))))
            {
                wrong.Add($"The site {site} answered {code}{(code == 200 ? " with another first page than the one in the backup" : "")}.");
            }

            return $"{site} answered {code}{(first.Code == 0 && code == 200 ? " with its first page" : "")}";
        }
        catch (HttpRequestException no)
        {
            wrong.Add($"The site {site} did not answer: {no.Message}");
            return $"{site} did not answer";
        }
    }

    private void Clear()
    {
        if (Directory.Exists(vhost))
        {
            Directory.Delete(vhost, recursive: true);
        }

        Volume.Discard(place);
    }
}
