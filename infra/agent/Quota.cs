using System.Globalization;

namespace Panel.Agent;

/// <summary>How a file system holds accounts to their limits. An account's number in it is its uid.</summary>
internal interface IQuota
{
    /// <summary>An empty root directory for an account, made beside its place.</summary>
    void Make(string path, int uid);

    /// <summary>In bytes; null lifts the limit.</summary>
    void SetLimit(int uid, long? limit);

    /// <summary>Bytes used and allowed by uid, read once from the file system's own table.</summary>
    Dictionary<int, (long Used, long? Limit)> Table();

    /// <summary>The same with what is not yet written, after what a member put outside of their limit was put back under it.</summary>
    Dictionary<int, (long Used, long? Limit)> Table(IReadOnlyDictionary<string, int> members);

    /// <summary>Nothing of the account is left.</summary>
    void Forget(int uid);
}

/// <summary>btrfs: an account is a subvolume in the quota group 1/UID, so that subvolumes a member makes can be put under the same limit.</summary>
internal sealed class GroupQuota(string accounts) : IQuota
{
    public void Make(string path, int uid) => Btrfs.MakeSubvolume(accounts, Path.GetFileName(path), uid);

    public void SetLimit(int uid, long? limit) => Btrfs.Limit(accounts, uid, limit);

    public Dictionary<int, (long Used, long? Limit)> Table() => Table(Rows());

    public Dictionary<int, (long Used, long? Limit)> Table(IReadOnlyDictionary<string, int> members)
    {
        var rows = Rows("--sync");
        return Table(Gather(rows, members) > 0 ? Rows("--sync") : rows);
    }

    private static Dictionary<int, (long Used, long? Limit)> Table(IEnumerable<string[]> said)
    {
        var rows = new Dictionary<int, (long, long?)>();
        foreach (var words in said)
        {
            // What a member's name spells comes before every true row of a group, and does not outlast it.
            if (words is [['1', '/', .. var of], var used, _, var limit, ..] && int.TryParse(of, NumberStyles.None, CultureInfo.InvariantCulture, out var uid) && long.TryParse(used, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes))
            {
                rows[uid] = (bytes, long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : null);
            }
        }

        return rows;
    }

    /// <summary>Puts subvolumes that members made inside their accounts, and so outside their quota group, into it; says how many. Whose it is says its own path alone: in a list of
    /// paths a member's name can be a whole line, or hold another's account.</summary>
    private int Gather(IEnumerable<string[]> rows, IReadOnlyDictionary<string, int> members)
    {
        var mount = Commands.Run("findmnt", "-nr", "-o", "FSROOT,TARGET", "-T", accounts).TrimEnd().Split(' ');
        var top = $"{mount[0]}{accounts[mount[1].TrimEnd('/').Length..]}/".TrimStart('/');
        int? OwnerOf(string id) => Commands.Try("btrfs", "inspect-internal", "subvolid-resolve", id[2..], accounts).Output is var path
            && path.StartsWith(top, StringComparison.Ordinal) && path[top.Length..].Split('/', 2) is [var handle, _] && members.TryGetValue(handle, out var uid) ? uid : null;
        var free = rows.Where(w => w is [['0', '/', ..], _, _, _, _, ['-', ..], ..] && w[0][2..].All(char.IsAsciiDigit) && w.ElementAtOrDefault(6) != "<stale>").Select(w => w[0]).Distinct();
        return free.Count(id => OwnerOf(id) is { } uid && Commands.Try("btrfs", "qgroup", "assign", id, Group(uid), accounts).Code == 0);
    }

    /// <summary>Groups of subvolumes, each with its path, and then groups of groups: name, referenced, exclusive, the most of both, parents.</summary>
    private List<string[]> Rows(params string[] asked) =>
        [.. Commands.Run("btrfs", ["qgroup", "show", "--sort=qgroupid", "--raw", "-rep", .. asked, accounts]).Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

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

    public Dictionary<int, (long Used, long? Limit)> Table()
    {
        // #3000,ok,ok,20477,0,20480,,4,0,0,
        var rows = Commands.Run("repquota", "-u", "-n", "-O", "csv", mount).Split('\n').Select(l => l.Split(',')).Where(w => w is [['#', ..], _, _, _, _, _, ..]);
        return rows.ToDictionary(w => (int)Number(w[0][1..]), w => (Number(w[3]) * Unit, Number(w[5]) is var limit and > 0 ? limit * Unit : (long?)null));
    }

    // Wherever on this file system it lies, it is the member's uid that owns it.
    public Dictionary<int, (long Used, long? Limit)> Table(IReadOnlyDictionary<string, int> members) => Table();

    public void Forget(int uid) => SetLimit(uid, null);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
