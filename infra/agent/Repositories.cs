using System.Text;
using System.Text.Json.Nodes;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The encrypted repositories of backups, one for each account. Panel's user owns them, and all that touches them runs as that user.</summary>
internal sealed class Repositories(AgentOptions options)
{
    /// <summary>They are a directory of this machine, not a place that only restic knows.</summary>
    private bool AreHere => options.Backups.StartsWith('/');

    /// <summary>Where they lie on this machine is the disk that holds the accounts too: what destroys the one destroys the other.</summary>
    public bool AreOnSameDisk(Layout layout) => AreHere && DiskOf(File.Exists(layout.Image) ? layout.Root : layout.Accounts) == DiskOf(options.Backups);

    /// <summary>Makes it when there is none, and puts its password beside it, for whoever has the house's key of backups.</summary>
    public async Task OpenAsync(string handle, BackupOrder order, CancellationToken ct)
    {
        if ((await RunAsync(handle, order.Secret, null, Stream.Null, ct, "cat", "config")).Code != 0)
        {
            Backups.Must(await RunAsync(handle, order.Secret, null, Stream.Null, ct, "init"));
        }

        if (order.Wrapped is { } wrapped && AreHere)
        {
            Backups.Must(await AsPanelAsync(new MemoryStream(Encoding.UTF8.GetBytes(wrapped)), Stream.Null, "/", ct, "/usr/bin/dd", $"of={At(handle)}.key", "status=none"));
        }
    }

    /// <summary>Old backups go by the order's rule; what is left is told, or null when there is no rule.</summary>
    public async Task<IReadOnlyList<string>?> ThinAsync(string handle, BackupOrder order, CancellationToken ct)
    {
        if (order.Keep is not { Daily: > 0, Weekly: >= 0, Monthly: >= 0 } keep)
        {
            return null;
        }

        Backups.Must(await RunAsync(handle, order.Secret, null, Stream.Null, ct, "forget", "--prune", "--group-by", "host",
            "--keep-last", "1", "--keep-daily", $"{keep.Daily}", "--keep-weekly", $"{keep.Weekly}", "--keep-monthly", $"{keep.Monthly}"));
        var left = new MemoryStream();
        Backups.Must(await RunAsync(handle, order.Secret, null, left, ct, "snapshots", "--json"));
        return [.. JsonNode.Parse(left.ToArray())!.AsArray().Select(s => $"{s!["id"]}")];
    }

    /// <summary>The end of the repository of an account of which nothing else is left; returns why not.</summary>
    public async Task<string?> ForgetAsync(AccountState account, CancellationToken ct)
    {
        if (account.Status != AccountStatus.Erased || !AreHere)
        {
            return AreHere ? "The account is not erased." : "The repository lies elsewhere; whoever keeps it deletes it there.";
        }

        Backups.Must(await AsPanelAsync(null, Stream.Null, "/", ct, "/usr/bin/rm", "-rf", "--", At(account.Handle), $"{At(account.Handle)}.key"));
        return null;
    }

    /// <summary>One side of a move: the repository goes along where it lies on the host itself.</summary>
    public async Task GiveAsync(string handle, Stream to, CancellationToken ct)
    {
        var there = AreHere && Directory.Exists(At(handle));
        Backups.Must(await AsPanelAsync(null, to, there ? At(handle) : "/", ct, there ? ["/usr/bin/tar", "-c", "-f", "-", "."] : ["/usr/bin/tar", "-c", "-f", "-", "-T", "/dev/null"]));
    }

    public async Task TakeAsync(string handle, Stream from, CancellationToken ct)
    {
        if (!AreHere)
        {
            await from.CopyToAsync(Stream.Null, ct);
            return;
        }

        Backups.Must(await AsPanelAsync(null, Stream.Null, "/", ct, "/usr/bin/mkdir", "-p", "-m", "700", "--", At(handle)));
        // tar writes through a link that an earlier pass left: into another's repository, or into Panel's own data. restic makes none.
        string[] unlink = ["/usr/bin/find", At(handle), "-type", "l", "-delete"];
        Backups.Must(await AsPanelAsync(null, Stream.Null, "/", ct, unlink));
        Backups.Must(await AsPanelAsync(from, Stream.Null, At(handle), ct, "/usr/bin/tar", "-x", "--no-same-owner", "-f", "-"));
        Backups.Must(await AsPanelAsync(null, Stream.Null, "/", ct, unlink));
    }

    public Task<Ran> RunAsync(string handle, string secret, Stream? input, Stream output, CancellationToken ct, params string[] arguments) => Backups.PipeAsync(
        AsPanel(["/usr/bin/restic", "--no-cache", "-q", "-r", At(handle), .. arguments]), new Dictionary<string, string> { ["RESTIC_PASSWORD"] = secret }, input, output, ct);

    private string At(string handle) => $"{options.Backups}/{handle}";

    private static string DiskOf(string place) => Directory.Exists(place) ? Commands.Run("findmnt", "-n", "-o", "SOURCE", "-T", place).Trim().Split('[')[0] : DiskOf(Path.GetDirectoryName(place)!);

    private Task<Ran> AsPanelAsync(Stream? input, Stream output, string directory, CancellationToken ct, params string[] command) => Backups.PipeAsync(AsPanel(command), null, input, output, ct, directory);

    private string[] AsPanel(params string[] command) =>
        ["/usr/bin/setpriv", $"--reuid={options.PanelUid}", $"--regid={Native.Look(options.Data)?.Gid}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", .. command];
}
