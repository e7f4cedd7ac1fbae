using System.Globalization;

namespace Panel.Agent;

/// <summary>How a file system holds accounts to their limits. An account's number in it is its uid.</summary>
internal interface IQuota
{
    /// <summary>An empty root directory for an account, made beside its place.</summary>
    void Make(string path, int uid);

    /// <summary>In bytes; null lifts the limit.</summary>
    void SetLimit(int uid, long? limit);

    /// <summary>Bytes used and allowed by uid, read once from the file system's own table. <paramref name="exact"/> waits for what is not yet written.</summary>
    Dictionary<int, (long Used, long? Limit)> Table(bool exact);

    /// <summary>Finds what a member put outside of their limit, and puts it back under it.</summary>
    void Gather(IReadOnlyDictionary<string, int> members);

    /// <summary>Nothing of the account is left.</summary>
    void Forget(int uid);
}

/// <summary>btrfs: an account is a subvolume in the quota group 1/UID, so that subvolumes a member makes can be put under the same limit.</summary>
internal sealed class GroupQuota(string accounts) : IQuota
{
    public void Make(string path, int uid) => Btrfs.MakeSubvolume(accounts, Path.GetFileName(path), uid);

    public void SetLimit(int uid, long? limit) => Btrfs.Limit(accounts, uid, limit);

    public Dictionary<int, (long Used, long? Limit)> Table(bool exact)
    {
        IReadOnlyList<string> ask = ["qgroup", "show", "--raw", "-re", .. exact ? new[] { "--sync" } : [], accounts];
        var rows = new Dictionary<int, (long, long?)>();
        foreach (var words in Commands.Run("btrfs", ask).Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words is [['1', '/', .. var uid], var used, _, var limit, ..])
            {
                rows[int.Parse(uid, CultureInfo.InvariantCulture)] =
                    (long.Parse(used, CultureInfo.InvariantCulture), limit == "none" ? null : long.Parse(limit, CultureInfo.InvariantCulture));
            }
        }

        return rows;
    }

    /// <summary>A subvolume that a member made inside the account escapes its quota group.</summary>
    public void Gather(IReadOnlyDictionary<string, int> members)
    {
        foreach (var words in Commands.Run("btrfs", "subvolume", "list", accounts).Split('\n').Select(l => l.Split(' ', 9)))
        {
            // ID 257 gen 15 top level 256 path ann/sites/x; below a subvolume the path is from the top of the file system.
            if (words is [_, var id, _, _, _, _, _, _, var path] && path[(path.LastIndexOf("accounts/", StringComparison.Ordinal) is var at and >= 0 ? at + 9 : 0)..] is var below
                && below.Split('/', 2) is [var handle, _] && members.TryGetValue(handle, out var uid))
            {
                _ = Commands.Try("btrfs", "qgroup", "assign", $"0/{id}", Group(uid), accounts);
            }
        }
    }

    public void Forget(int uid) => _ = Commands.Try("btrfs", "qgroup", "destroy", Group(uid), accounts);

    private static string Group(int uid) => $"1/{uid}";
}

/// <summary>ext4 and xfs: the limit is on the member's uid, not on a project, because whoever owns a file may give it another
/// project and so be out of that limit (infra/decisions/011-quota-by-uid.md).</summary>
internal sealed class UserQuota(string mount) : IQuota
{
    private const int Unit = 1024;

    /// <summary>The mount point under <paramref name="path"/> when its kernel enforces limits on users there, else null. Mounting
    /// with usrquota proves nothing: a kernel without quotas says yes to it.</summary>
    public static UserQuota? Of(string path)
    {
        var mount = Commands.Run("findmnt", "-n", "-o", "TARGET", "-T", path).Trim();
        var asked = Volume.TypeOf(path) is "ext4" or "xfs" && File.Exists("/usr/sbin/setquota") ? Commands.Try("quotaon", "-p", "-u", mount) : null;
        return asked?.Output.Contains(" is on", StringComparison.Ordinal) == true ? new UserQuota(mount) : null;
    }

    public void Make(string path, int uid) => Files.Directory(path);

    public void SetLimit(int uid, long? limit) =>
        Commands.Run("setquota", "-u", uid.ToString(CultureInfo.InvariantCulture), "0", ((limit + Unit - 1) / Unit ?? 0).ToString(CultureInfo.InvariantCulture), "0", "0", mount);

    public Dictionary<int, (long Used, long? Limit)> Table(bool exact)
    {
        // #3000,ok,ok,20477,0,20480,,4,0,0,
        var rows = Commands.Run("repquota", "-u", "-n", "-O", "csv", mount).Split('\n').Select(l => l.Split(',')).Where(w => w is [['#', ..], _, _, _, _, _, ..]);
        return rows.ToDictionary(w => (int)Number(w[0][1..]), w => (Number(w[3]) * Unit, Number(w[5]) is var limit and > 0 ? limit * Unit : (long?)null));
    }

    public void Gather(IReadOnlyDictionary<string, int> members)
    {
        // Wherever on this file system it lies, it is the member's uid that owns it.
    }

    public void Forget(int uid) => SetLimit(uid, null);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
