using System.Globalization;

namespace Panel.Agent;

/// <summary>The three texts of libnss-extrausers.</summary>
internal sealed record UserFiles(string Passwd, string Shadow, string Group);

/// <summary>Members as lines of /var/lib/extrausers. Lines outside our uid range belong to others and are kept as they are.</summary>
internal sealed class ExtraUsers(Layout layout, string directory = "/var/lib/extrausers", string etc = "/etc")
{
    private static readonly string[] Names = ["group", "shadow", "passwd"];

    private (string Stamp, IReadOnlyDictionary<string, UnixUser>? Users, ILookup<int, UnixUser>? ByUid) known;

    /// <summary>The texts with our lines replaced by <paramref name="users"/>; none at all (not even the system identities)
    /// when <paramref name="users"/> is null.</summary>
    public static UserFiles Render(UserFiles now, IEnumerable<UnixUser>? users, string accounts)
    {
        var ours = Lines(now.Passwd).Where(l => Identity.IsOurs(Id(l))).Select(Name).ToHashSet(StringComparer.Ordinal);
        var members = users?.OrderBy(u => u.Uid).ToList() ?? [];
        ours.UnionWith(members.Select(u => u.Handle));
        ours.UnionWith(Identity.System.Keys);

        var passwd = Lines(now.Passwd).Where(l => !Identity.IsOurs(Id(l))).ToList();
        var shadow = Lines(now.Shadow).Where(l => !ours.Contains(Name(l))).ToList();
        var group = Lines(now.Group).Where(l => !Identity.IsOurs(Id(l))).ToList();
        if (users is not null)
        {
            foreach (var (name, id) in Identity.System)
            {
                passwd.Add($"{name}:x:{id}:{id}::/nonexistent:/usr/sbin/nologin");
                shadow.Add($"{name}:!:::::::");
                group.Add($"{name}:x:{id}:");
            }

            group.Add($"{Identity.Members}:x:{Identity.MembersGid}:{string.Join(',', members.Select(u => u.Handle))}");
        }

        // '*' is no password; '!' is what sshd takes for a locked account (auth.c, LOCKED_PASSWD_PREFIX).
        passwd.AddRange(members.Select(u => $"{u.Handle}:x:{u.Uid}:{u.Uid}::{accounts}/{u.Handle}/home:/usr/sbin/nologin"));
        shadow.AddRange(members.Select(u => $"{u.Handle}:{(u.Locked ? '!' : '*')}:::::::"));
        group.AddRange(members.Select(u => $"{u.Handle}:x:{u.Uid}:"));
        return new UserFiles(Text(passwd), Text(shadow), Text(group));
    }

    /// <summary>The members of this instance, known by where they live; lines that a dead instance left are nobody's.</summary>
    public static IReadOnlyDictionary<string, UnixUser> Parse(UserFiles files, string accounts)
    {
        var locked = Lines(files.Shadow).Where(l => l.Split(':') is [_, ['!', ..], ..]).Select(Name).ToHashSet(StringComparer.Ordinal);
        return Lines(files.Passwd).Where(l => Identity.IsMember(Id(l)) && l.Contains($":{accounts}/", StringComparison.Ordinal)).DistinctBy(Name)
            .ToDictionary(Name, l => new UnixUser(Name(l), Id(l), locked.Contains(Name(l))), StringComparer.Ordinal);
    }

    /// <summary>Parsed again only when one of the files has changed.</summary>
    public IReadOnlyDictionary<string, UnixUser> Read()
    {
        lock (Names)
        {
            var stamp = string.Join('|', Names.Select(n => Native.Stamp(Path.Combine(directory, n))));
            known = known.Stamp == stamp && known.Users is not null ? known : (stamp, Parse(Now(), layout.Accounts), null);
            return known.Users!;
        }
    }

    /// <summary>The same by number.</summary>
    public ILookup<int, UnixUser> ByUid()
    {
        lock (Names)
        {
            var users = Read();
            return known.ByUid ?? (known.ByUid = users.Values.ToLookup(u => u.Uid));
        }
    }

    /// <summary>Groups before users, so that no user is ever seen without its group. Returns whether anything changed.</summary>
    public bool Write(IEnumerable<UnixUser>? users)
    {
        var now = Now();
        var next = Render(now, users, layout.Accounts);
        var changed = Names.Zip([now.Group, now.Shadow, now.Passwd], [next.Group, next.Shadow, next.Passwd]).Where(f => f.Second != f.Third).ToList();
        changed.ForEach(f => Files.Put(Path.Combine(directory, f.First), f.Third, f.First == "shadow" ? Modes.GroupFile : Modes.File, f.First == "shadow" ? ShadowGroup() : 0));
        return changed.Count > 0;
    }

    /// <summary>Names that the machine's own files resolve: a member of that name would be somebody else.</summary>
    public IReadOnlySet<string> TakenByMachine() =>
        new[] { "passwd", "group" }.SelectMany(f => Lines(Files.ReadOrNull(Path.Combine(etc, f)) ?? "")).Select(Name)
            .Concat([Identity.Nginx, Identity.Acme, Identity.Members]).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Where(l => l.Length > 0);

    private static string Text(List<string> lines) => lines.Count == 0 ? "" : string.Join('\n', lines) + "\n";

    private static string Name(string line) => line.Split(':')[0];

    private static int Id(string line) =>
        line.Split(':') is [_, _, var id, ..] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private UserFiles Now()
    {
        string Read(string name) => Files.ReadOrNull(Path.Combine(directory, name)) ?? "";
        return new UserFiles(Read("passwd"), Read("shadow"), Read("group"));
    }

    private int ShadowGroup() => Id(Lines(Files.ReadOrNull(Path.Combine(etc, "group")) ?? "").FirstOrDefault(l => Name(l) == "shadow") ?? "") is var gid and > 0 ? gid : 0;
}
