namespace Panel.Agent;

/// <summary>What is there, read once per pass.</summary>
internal sealed class Observation
{
    private readonly Host host;
    private readonly IReadOnlyDictionary<string, UnixUser> found;
    private readonly Lazy<ILookup<int, int>> processes = new(Processes.ByUid);

    public Observation(Host host)
    {
        this.host = host;
        found = host.Users.Read();
        View = new HostView(host.Layout, host.Vhosts, host.Users.TakenByMachine(), new Occupants(found, host.Users.ByUid()), host.PhpVersions, host.Certificates, host.Databases);
    }

    public HostView View { get; }

    /// <summary>From now on this pass gives the handle and the uid to nobody else.</summary>
    public void Claim(UnixUser user) => View.Users.Claim(user);

    /// <param name="leaving">A tree that is to go counts however it looks; one that stays must be as it was made.</param>
    public AccountShape Find(string handle, int uid, bool leaving)
    {
        return new AccountShape(
            found.GetValueOrDefault(handle),
            leaving ? Directory.Exists(host.Layout.Tree(handle)) : host.Trees.IsRight(handle, uid),
            host.Volume.Limits.GetValueOrDefault(uid),
            host.Trees.Sites(handle, uid),
            host.Vhosts.Of(handle),
            host.Php.IsOpen(Served.PhpKey(handle)) ? Files.ReadOrNull(host.Layout.Pool(handle)) : null,
            Files.ReadOrNull(host.Layout.KeyFile(handle)),
            processes.Value.Contains(uid))
        {
            Databases = host.Databases.Of(handle),
            Apps = host.Php.AppsOf(handle),
            Certificates = host.Certificates.Has(handle),
            Remains = leaving && host.Volume.TrashOf(uid).Count > 0,
        };
    }
}
