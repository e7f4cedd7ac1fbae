using Panel.Hosting;

namespace Panel.Agent;

/// <summary>A vhost is a directory of symbolic links and nothing else; this is its whole content, name to target.
/// What lies in it tells its kind: <c>php</c> makes it a PHP site, <c>proxy</c> one with a program of its own, <c>https</c> sends
/// visitors to HTTPS, <c>suspended</c> makes it answer 503.</summary>
internal sealed class Links(IEnumerable<KeyValuePair<string, string>> links) : SortedDictionary<string, string>(links.ToDictionary(), StringComparer.Ordinal), IEquatable<Links>
{
    public bool Equals(Links? other) => other is not null && this.SequenceEqual(other);

    public override bool Equals(object? obj) => Equals(obj as Links);

    public override int GetHashCode() => Count;

    public override string ToString() => string.Join('\n', this.Select(l => $"{l.Key} -> {l.Value}"));
}

/// <summary>The directories that nginx finds by host name. A change is made beside its place and renamed in: live at once,
/// with no reload, and no text of a member ever in a configuration.</summary>
internal sealed class Vhosts(Layout layout)
{
    public const string Default = "_default";

    private readonly Dictionary<string, Links> all = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, Links>> owned = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, Links> All => all;

    /// <summary>Those whose document root lies in the account.</summary>
    public IReadOnlyDictionary<string, Links> Of(string handle) => owned.TryGetValue(handle, out var its) ? its.ToDictionary(StringComparer.Ordinal) : new(StringComparer.Ordinal);

    public Links For(string handle, SiteState site, bool suspended, (string Certificate, string Key)? tls)
    {
        var links = new Dictionary<string, string>
        {
            ["public"] = layout.Public(handle, site.Name),
            ["tls.crt"] = tls?.Certificate ?? $"{layout.Vhosts}/{Default}/tls.crt",
            ["tls.key"] = tls?.Key ?? $"{layout.Vhosts}/{Default}/tls.key",
        };
        if (site.Kind == SiteKind.Php)
        {
            // Beside the socket, because nginx can test a file for being there but not a socket.
            links["php"] = $"{layout.Pages}/php";
            links["php.sock"] = layout.PhpSocket(handle);
        }

        if (site.Kind == SiteKind.Proxy)
        {
            (links["proxy"], links["app.sock"]) = ($"{layout.Pages}/php", layout.AppSocket(handle, site.Name));
        }

        // Nobody is sent to a certificate that browsers warn of.
        if (site.HttpsOnly && tls is not null)
        {
            links["https"] = $"{layout.Pages}/php";
        }

        return suspended ? Suspended(new Links(links)) : new Links(links);
    }

    public Links Suspended(Links links) => new(links.Where(l => l.Key != "suspended").Append(KeyValuePair.Create("suspended", $"{layout.Pages}/suspended.html")));

    /// <summary>The directory of a name, or of all names below one; that one no visitor can ask for by its name.</summary>
    public static string NameOf(string domain) => domain.StartsWith('*') ? $"_{domain[1..]}" : domain;

    public static bool IsMany(string name) => name[0] == '_' && name != Default;

    /// <summary>Which directory serves a name that is not its own: pairs for nginx' map of host names, in which a whole name goes before a
    /// wildcard. So those below a wildcard that have a directory are named too, whoever has them.</summary>
    public IEnumerable<KeyValuePair<string, string>> Wildcards()
    {
        var many = all.Keys.Where(IsMany).ToHashSet(StringComparer.Ordinal);
        return many.Select(m => KeyValuePair.Create($"*{m[1..]}", m)).Concat(many.Count == 0 ? [] : all.Keys
            .Where(n => !IsMany(n) && Over(n) is not null).Select(n => KeyValuePair.Create(n, n)));
    }

    /// <summary>What answers for a name: its own, or the nearest wildcard above it.</summary>
    public Links? Serving(string name) => all.GetValueOrDefault(name) ?? Over(name);

    /// <summary>The nearest wildcard above a name.</summary>
    public Links? Over(string name) => Enumerable.Range(0, name.Length).Where(i => name[i] == '.').Select(i => all.GetValueOrDefault($"_{name[i..]}")).FirstOrDefault(l => l is not null);

    public bool IsTaken(string name, string handle) => all.GetValueOrDefault(name) is { } links && OwnerOf(links) is { } owner && owner != handle;

    /// <summary>The site that it serves: the last directory above <c>public</c>.</summary>
    public static string? SiteOf(Links links) => links.GetValueOrDefault("public")?.Split('/') is [.., "sites", var site, "public"] ? site : null;

    /// <summary>Whose it is, from where its document root leads; null when it is nobody's.</summary>
    public string? OwnerOf(Links links) =>
        links.GetValueOrDefault("public") is { } target && target.StartsWith(layout.Accounts + "/", StringComparison.Ordinal)
            ? target[(layout.Accounts.Length + 1)..].Split('/')[0]
            : null;

    /// <summary>Reads every vhost anew; between full passes the agent's own memory is enough.</summary>
    public void Observe()
    {
        all.Clear();
        owned.Clear();
        foreach (var directory in Directory.EnumerateDirectories(layout.Vhosts).Where(d => Path.GetFileName(d) != Default))
        {
            Keep(Path.GetFileName(directory), Read(directory));
        }
    }

    public void Observe(string host)
    {
        if (Directory.Exists($"{layout.Vhosts}/{host}"))
        {
            Keep(host, Read($"{layout.Vhosts}/{host}"));
        }
        else
        {
            Forget(host);
        }
    }

    /// <summary>Renames the new directory in. The old one, if any, is returned for <see cref="TakeBack"/> or <see cref="Settle"/>.</summary>
    public string? Put(string host, Links links)
    {
        var place = $"{layout.Vhosts}/{host}";
        var staged = Stage(links);
        Keep(host, links);
        if (!Directory.Exists(place))
        {
            Native.Rename(staged, place);
            return null;
        }

        Native.Swap(staged, place);
        return staged;
    }

    public void TakeBack(string host, string? before)
    {
        if (before is null)
        {
            Drop(host);
            return;
        }

        Native.Swap(before, $"{layout.Vhosts}/{host}");
        Settle(before);
        Observe(host);
    }

    public static void Settle(string? before)
    {
        if (before is not null)
        {
            Directory.Delete(before, recursive: true);
        }
    }

    public void Drop(string host)
    {
        var aside = $"{layout.Staging}/{Guid.NewGuid():n}";
        Native.Rename($"{layout.Vhosts}/{host}", aside);
        Forget(host);
        Settle(aside);
    }

    private void Keep(string host, Links links)
    {
        Forget(host);
        all[host] = links;
        if (OwnerOf(links) is { } owner)
        {
            (owned.TryGetValue(owner, out var its) ? its : owned[owner] = new(StringComparer.Ordinal))[host] = links;
        }
    }

    private void Forget(string host)
    {
        if (all.Remove(host, out var links) && OwnerOf(links) is { } owner && owned.TryGetValue(owner, out var its) && its.Remove(host) && its.Count == 0)
        {
            owned.Remove(owner);
        }
    }

    private static Links Read(string directory) =>
        new(new DirectoryInfo(directory).EnumerateFileSystemInfos().Select(e => KeyValuePair.Create(e.Name, e.LinkTarget ?? "")));

    private string Stage(Links links)
    {
        var staged = $"{layout.Staging}/{Guid.NewGuid():n}";
        Files.Directory(staged);
        foreach (var (name, target) in links)
        {
            File.CreateSymbolicLink($"{staged}/{name}", target);
            Fault.Point();
        }

        return staged;
    }
}
