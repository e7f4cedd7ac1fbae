namespace Panel.Agent;

/// <summary>A program of an account that is started by the first request at its socket, which it gets as descriptor 3.</summary>
/// <param name="Key">Its name on this host, and of the record of its process.</param>
/// <param name="Php">Leaves workers behind and is ended when idle; a member's own program goes on until it ends by itself.</param>
internal sealed record Served(string Key, int Uid, string Socket, IReadOnlyList<string> Command, IReadOnlyList<string> Environment, bool Php)
{
    public static string PhpKey(string handle) => $"php-{handle}";

    public static string AppKey(string handle, string site) => $"app-{handle}.{site}";

    public static Served PhpOf(Layout layout, string handle, int uid, string version) => new(
        PhpKey(handle), uid, layout.PhpSocket(handle), PhpPool.Command(uid, version, "-F", "-y", layout.Pool(handle)),
        [$"FPM_SOCKETS={layout.PhpSocket(handle)}=3", "PATH=/usr/bin:/bin"], true);

    /// <summary>The file <c>start</c> in the member's <c>private/SITE</c>. It is looked up and run as the member, in the member's limits.</summary>
    public static Served AppOf(Layout layout, string handle, int uid, string site) => new(
        AppKey(handle, site), uid, layout.AppSocket(handle, site),
        Commands.As(uid, ["/usr/bin/env", "-C", $"{layout.Tree(handle)}/private/{site}", "./start"]),
        ["PATH=/usr/local/bin:/usr/bin:/bin", "LISTEN_FDS=1", $"HOME={layout.Tree(handle)}/home", $"TMPDIR={layout.Tree(handle)}/tmp", $"SITE={site}"], false);
}
