using System.Globalization;

namespace Panel.Agent;

/// <summary>The file system under the accounts: one that enforces limits as found, a btrfs loop image, or plain directories that
/// are only counted.</summary>
internal sealed class Volume(AgentOptions options, Layout layout)
{
    public const long TrashSeconds = 30 * 86400;
    private IQuota? quota;

    /// <summary>For people: <c>btrfs</c>, <c>btrfs on a loop image</c>, <c>ext4</c>, or the type with <c>(counted only)</c>.</summary>
    public string Kind { get; private set; } = "";

    public bool Enforces => quota is not null;

    /// <summary>Limits in force by uid; null where there is none. Empty when nothing is enforced.</summary>
    public Dictionary<int, long?> Limits { get; private set; } = [];

    /// <summary>Mounts or makes what is needed. Never fails for want of quotas: <see cref="Kind"/> then says that it only counts.</summary>
    public void Prepare(Action<string> log)
    {
        Files.Directory(layout.Accounts, Modes.Traverse);
        quota = File.Exists(layout.Image) ? null : UserQuota.Of(layout.Accounts);
        if (quota is null && (TypeOf(layout.Accounts) == "btrfs" || TryImage(log)))
        {
            var enabled = Commands.Try("btrfs", "quota", "enable", layout.Accounts);
            quota = enabled.Code == 0 ? new GroupQuota(layout.Accounts) : null;
            if (quota is null)
            {
                log($"Quotas are only counted: {enabled.Reason}");
            }
        }

        Kind = TypeOf(layout.Accounts) + (File.Exists(layout.Image) ? " on a loop image" : "") + (Enforces ? "" : " (counted only)");
        Files.Directory(layout.Accounts, Modes.Traverse);
        Files.Directory(layout.Trash, Modes.Private);
    }

    /// <summary>An empty root directory for an account, made beside its place; the caller furnishes and renames it.</summary>
    public void Make(string path, int uid)
    {
        if (quota is null)
        {
            Files.Directory(path);
        }
        else
        {
            quota.Make(path, uid);
            Limits.Remove(uid);
        }
    }

    public void SetLimit(int uid, long? limit)
    {
        quota?.SetLimit(uid, limit);
        Limits[uid] = limit;
    }

    /// <summary>Reads the limits anew; between full passes the agent's own memory is enough.</summary>
    public void Observe() => Limits = quota?.Table().ToDictionary(r => r.Key, r => r.Value.Limit) ?? [];

    /// <summary>Bytes used by uid. Asks the file system's own table once; without one walks each tree and counts blocks.</summary>
    public IReadOnlyDictionary<int, long> Usage(IReadOnlyDictionary<string, int> accounts)
    {
        if (quota?.Table(accounts) is { } table)
        {
            return accounts.Values.ToDictionary(uid => uid, uid => table.GetValueOrDefault(uid).Used);
        }

        return accounts.Where(a => Directory.Exists(layout.Tree(a.Key))).ToDictionary(a => a.Value, a =>
            long.Parse(Commands.Run("du", "-sx", "--block-size=1", layout.Tree(a.Key)).Split('\t')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Moves a tree out of service without deleting anything of it.</summary>
    public void ToTrash(string handle, int uid, DateTimeOffset now) =>
        Native.Rename(layout.Tree(handle), $"{layout.Trash}/{handle}-{uid}-{now.ToUnixTimeSeconds()}");

    /// <summary>Bytes that new accounts can still have.</summary>
    public long Free => new DriveInfo(layout.Accounts).AvailableFreeSpace;

    /// <summary>What waits here of a uid: trees of removed accounts and dumps of removed databases.</summary>
    public IReadOnlyList<string> TrashOf(int uid) => [.. Directory.EnumerateFileSystemEntries(layout.Trash).Where(t => Path.GetFileName(t).Split('-') is [.., var of, _] && of == Number(uid))];

    /// <summary>Nothing of the account is left after this; uids are never given twice.</summary>
    public void Erase(int uid)
    {
        foreach (var left in TrashOf(uid))
        {
            Discard(left);
        }

        quota?.Forget(uid);
    }

    /// <summary>Deletes dumps of databases that members removed more than 30 days ago. A whole account goes by <see cref="Erase"/> only.</summary>
    public void EmptyTrash(IReadOnlyCollection<int> members, DateTimeOffset now)
    {
        foreach (var tree in Directory.EnumerateFileSystemEntries(layout.Trash))
        {
            if (Path.GetFileName(tree).Split('-') is [.., var uid, var at] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var since)
                && now.ToUnixTimeSeconds() - since > TrashSeconds && File.Exists(tree) && members.Any(m => Number(m) == uid))
            {
                File.Delete(tree);
            }
        }
    }

    /// <summary>Deletes a tree that nobody can reach any more. GNU rm walks by descriptor, follows no link, and removes an
    /// emptied subvolume like a directory.</summary>
    public static void Discard(string tree) => Commands.Run("rm", "-rf", "--", tree);

    public static bool IsMounted(string path) => Commands.Try("mountpoint", "-q", path).Code == 0;

    public static string TypeOf(string path) => Commands.Run("findmnt", "-n", "-o", "FSTYPE", "-T", path).Trim();

    private static string Number(long bytes) => bytes.ToString(CultureInfo.InvariantCulture);

    /// <summary>Once there is an image the accounts are in it: not being able to mount it is an error, never a reason to
    /// start again beside it.</summary>
    private bool TryImage(Action<string> log)
    {
        var free = new DriveInfo(layout.Root).AvailableFreeSpace;
        var size = Math.Min(options.ImageBytes, free * 6 / 10);
        // 256 MiB: below about 110 MiB mkfs.btrfs refuses, and members need some room.
        if (!File.Exists(layout.Image) && (size < 256L << 20 || Directory.EnumerateFileSystemEntries(layout.Accounts).Any()))
        {
            return false;
        }

        MakeLoopDevices();
        try
        {
            if (!File.Exists(layout.Image))
            {
                var beside = $"{layout.Image}.new";
                File.Delete(beside);
                // Whoever could read the image could read every member's files.
                using (var image = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Modes.Secret }))
                {
                    image.SetLength(size);
                }

                Commands.Run("mkfs.btrfs", "-q", "-f", beside);
                Mount(beside);
                Native.Rename(beside, layout.Image);
                return true;
            }

            Mount(layout.Image);
            return true;
        }
        catch (MachineException no) when (!File.Exists(layout.Image))
        {
            log($"No btrfs image: {no.Message}");
            return false;
        }
    }

    private void Mount(string image) => Commands.Run("mount", "-t", "btrfs", "-o", "loop,nosuid,nodev,noatime", image, layout.Accounts);

    /// <summary>A container's /dev may hold no loop devices although the kernel has them (majors 10:237 and 7:N).</summary>
    private static void MakeLoopDevices()
    {
        if (!File.Exists("/dev/loop-control"))
        {
            _ = Commands.Try("mknod", "/dev/loop-control", "c", "10", "237");
        }

        foreach (var i in Enumerable.Range(0, 16).Where(i => !File.Exists($"/dev/loop{i}")))
        {
            _ = Commands.Try("mknod", "-m", "660", $"/dev/loop{i}", "b", "7", Number(i));
        }
    }
}
