using System.Globalization;

namespace Panel.Agent;

/// <summary>The directories of an account. The account's root is the SFTP chroot and stays root's; a member owns home,
/// private, tmp, sessions and what lies in each public, and can replace none of these. Root opens nothing inside them.</summary>
internal sealed class Trees(Layout layout, Volume volume)
{
    private static readonly string[] Own = ["home", "private", "tmp", "sessions"];

    /// <summary>True when the tree is there and nobody changed the owners and modes that keep members apart.</summary>
    public bool IsRight(string handle, int uid)
    {
        var tree = layout.Tree(handle);
        bool Is(string path, int owner, int group, UnixFileMode mode) => Native.Look(path) == (owner, group, (int)mode, true);
        return Is(tree, 0, uid, Modes.Group) && Is($"{tree}/sites", 0, 0, Modes.Directory) && Own.All(d => Native.Look($"{tree}/{d}") is { IsDirectory: true } found && found.Uid == uid);
    }

    /// <summary>Made beside its place and renamed in whole, or mended where it lies.</summary>
    public void Make(string handle, int uid)
    {
        var tree = layout.Tree(handle);
        if (Directory.Exists(tree))
        {
            Furnish(tree, uid);
            return;
        }

        var beside = $"{layout.Accounts}/.new-{handle}";
        if (Directory.Exists(beside))
        {
            Volume.Discard(beside);
        }

        volume.Make(beside, uid);
        Furnish(beside, uid);
        Native.Rename(beside, tree);
    }

    public IReadOnlySet<string> Sites(string handle, int uid)
    {
        var sites = $"{layout.Tree(handle)}/sites";
        return !Directory.Exists(sites) ? new HashSet<string>() : Directory.EnumerateDirectories(sites).Select(d => Path.GetFileName(d)!)
            .Where(s => Native.Look(layout.Site(handle, s)) == (0, 0, (int)Modes.Directory, true) && Native.Look(layout.Public(handle, s)) is { IsDirectory: true } found && found.Uid == uid).ToHashSet(StringComparer.Ordinal);
    }

    public void MakeSite(string handle, int uid, string site)
    {
        Files.Directory(layout.Site(handle, site));
        Files.Directory(layout.Public(handle, site), Modes.Directory, uid, uid);
    }

    /// <summary>A site that is no more leaves service but not the disk: it waits 30 days in the account's own <c>removed</c>.</summary>
    public void DropSite(string handle, string site, DateTimeOffset now)
    {
        Files.Directory($"{layout.Tree(handle)}/removed");
        Native.Rename(layout.Site(handle, site), $"{layout.Tree(handle)}/removed/{site}.{now.ToUnixTimeSeconds()}");
    }

    public void EmptyRemoved(IEnumerable<string> handles, DateTimeOffset now)
    {
        foreach (var site in handles.Select(h => $"{layout.Tree(h)}/removed").Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories))
        {
            if (long.TryParse(Path.GetExtension(site).TrimStart('.'), NumberStyles.None, CultureInfo.InvariantCulture, out var since) && now.ToUnixTimeSeconds() - since > Volume.TrashSeconds)
            {
                Volume.Discard(site);
            }
        }
    }

    /// <summary>Half-made trees of an agent that was killed.</summary>
    public void DiscardHalfMade() => Directory.GetDirectories(layout.Accounts, ".new-*").ToList().ForEach(Volume.Discard);

    public static void Furnish(string tree, int uid)
    {
        foreach (var name in Own)
        {
            if (Native.Look($"{tree}/{name}") is not { IsDirectory: true } found || found.Uid != uid)
            {
                Files.Directory($"{tree}/{name}", Modes.Private, uid, uid);
            }
        }

        Files.Directory($"{tree}/sites");
        Files.Directory(tree, Modes.Group, 0, uid);
        Native.LetThrough(tree, Identity.NginxId);
    }
}
