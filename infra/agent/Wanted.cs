using Panel.Hosting;

namespace Panel.Agent;

/// <summary>An account as it is, or as it should be, on this host. The difference of two of them is the plan.</summary>
/// <param name="Pool">The text of the php-fpm pool; a pool always listens.</param>
/// <param name="Keys">The text of authorized_keys; null when nobody may come in.</param>
/// <param name="Processes">Something runs as the account.</param>
internal sealed record AccountShape(
    UnixUser? User,
    bool Tree,
    long? Limit,
    IReadOnlySet<string> Sites,
    IReadOnlyDictionary<string, Links> Vhosts,
    string? Pool,
    string? Keys,
    bool Processes)
{
    /// <summary>Access by <see cref="Agent.Databases.KeyOf"/>.</summary>
    public IReadOnlyDictionary<string, Access> Databases { get; init; } = new Dictionary<string, Access>();

    /// <summary>Sites whose own program is listened for.</summary>
    public IReadOnlySet<string> Apps { get; init; } = new HashSet<string>();

    /// <summary>Something of an account that left waits in the trash.</summary>
    public bool Remains { get; init; } = true;

    /// <summary>Certificates of its sites, or keys for them.</summary>
    public bool Certificates { get; init; } = true;

    public static AccountShape Nothing { get; } = new(null, false, null, new HashSet<string>(), new Dictionary<string, Links>(), null, null, false);

    /// <summary>The same with nothing taken away that is there: after a restore of Panel's database, until an admin has
    /// looked. A suspension still takes the keys and PHP, as it can be reversed.</summary>
    public AccountShape Keeping(AccountShape found) => this with
    {
        Sites = Sites.Union(found.Sites).ToHashSet(StringComparer.Ordinal),
        Databases = found.Databases.Where(d => !Databases.ContainsKey(d.Key)).Concat(Databases).ToDictionary(),
        Certificates = true,
        Vhosts = found.Vhosts.Where(v => !Vhosts.ContainsKey(v.Key)).Concat(Vhosts).ToDictionary(),
        Pool = Keys is null ? Pool : Pool ?? found.Pool,
        Apps = Keys is null ? Apps : Apps.Union(found.Apps).ToHashSet(StringComparer.Ordinal),
        Keys = Keys is null || found.Keys is null ? Keys : FileServer.Authorized(Lines(Keys).Union(Lines(found.Keys))),
    };

    /// <summary>The same with the sites that were put aside left as they are found: nothing of them is changed or taken.</summary>
    public AccountShape Aside(IReadOnlySet<string> sites, AccountShape found, Vhosts vhosts)
    {
        var kept = found.Vhosts.Where(v => sites.Contains(Agent.Vhosts.SiteOf(v.Value) ?? "") && !Vhosts.ContainsKey(v.Key))
            .ToDictionary(v => v.Key, v => User is { Locked: true } ? vhosts.Suspended(v.Value) : v.Value);
        return this with
        {
            Sites = Sites.Union(found.Sites.Intersect(sites)).ToHashSet(StringComparer.Ordinal),
            Vhosts = kept.Concat(Vhosts).ToDictionary(),
            Apps = User is { Locked: false } ? Apps.Union(found.Apps.Intersect(sites)).ToHashSet(StringComparer.Ordinal) : Apps,
            Pool = Pool ?? (User is { Locked: false } && kept.Values.Any(l => l.ContainsKey("php.sock")) ? found.Pool : null),
        };
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Why a site or key of an account was put aside; the rest of the account goes on.</summary>
internal sealed record Problem(string Kind, string Name, string Message);

/// <summary>What Panel asks for one account, after the agent has checked every word of it.</summary>
/// <param name="Aside">Sites that cannot be had as asked; what is there of them stays.</param>
internal sealed record Wanted(AccountState Asked, AccountShape Shape, IReadOnlyList<Problem> Problems, IReadOnlySet<string> Aside)
{
    /// <summary>Null with a reason when the account as a whole cannot be had: nothing of it is touched then.</summary>
    public static (Wanted? Wanted, string? Refused) Of(AccountState asked, HostView host)
    {
        var refused = !Grammar.IsHandle(asked.Handle) ? "The handle is not one that a host accepts."
            : !Identity.IsMember(asked.Uid) ? $"The uid {asked.Uid} lies outside {Identity.First} to {Identity.Last}."
            : host.TakenByMachine.Contains(asked.Handle) ? $"{asked.Handle} is a user or group of the machine itself."
            : host.Users.Other(asked.Uid, asked.Handle) is { } other ? $"The uid {asked.Uid} belongs to {other.Handle} on this host."
            : host.Users.Of(asked.Handle) is { } same && same.Uid != asked.Uid ? $"{asked.Handle} has the uid {same.Uid} on this host, not {asked.Uid}."
            : asked.DiskLimitBytes < 0 ? "The disk limit is negative."
            : null;
        if (refused is not null)
        {
            return (null, refused);
        }

        return (asked.IsGone ? new Wanted(asked, AccountShape.Nothing with { Remains = asked.Status == AccountStatus.Removed, Certificates = asked.Status == AccountStatus.Removed }, [], new HashSet<string>()) : Live(asked, host), null);
    }

    private static Wanted Live(AccountState asked, HostView host)
    {
        var suspended = asked.Status == AccountStatus.Suspended;
        var closed = !asked.IsOpen;
        var problems = new List<Problem>();
        var (sites, aside) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var vhosts = new Dictionary<string, Links>(StringComparer.Ordinal);
        string? version = null;
        foreach (var site in asked.Sites)
        {
            if ((Refusal(site, host, version) ?? Refusal(site.Address, site, asked.Handle, host, vhosts)) is { } no)
            {
                problems.Add(new Problem("site", site.Name, no));
                aside.Add(site.Name);
                continue;
            }

            var php = site.Kind == SiteKind.Php;
            version ??= php ? site.PhpVersion ?? host.PhpVersions[0] : null;
            sites.Add(site.Name);
            if (asked.Hold == AccountHold.Kept)
            {
                continue;
            }

            // While an account moves its files are shown; a program could write, so it pauses.
            Links For(string name) => host.Vhosts.For(asked.Handle, site, suspended || (closed && site.Kind != SiteKind.Static), host.Certificates?.Find(asked.Handle, site.Name, name));
            vhosts[site.Address] = For(site.Address);
            foreach (var domain in site.Domains)
            {
                if (Refusal(domain, site, asked.Handle, host, vhosts) is { } not)
                {
                    problems.Add(new Problem("site", site.Name, not));
                    continue;
                }

                vhosts[Vhosts.NameOf(domain)] = For(domain);
            }
        }

        var good = asked.Keys.Where(k => Grammar.IsPublicKey(k.PublicKey)).Select(k => k.PublicKey);
        problems.AddRange(asked.Keys.Where(k => !Grammar.IsPublicKey(k.PublicKey))
            .Select(k => new Problem("key", $"{k.Id}", "This is not a public key in the form 'type base64' without options.")));
        var databases = asked.Databases ?? [];
        problems.AddRange(databases.Where(d => !Grammar.IsDatabase(d)).Select(d => new Problem("database", d.Name, "Its name or its verifier is not one that a host accepts.")));
        problems.AddRange((asked.Tasks ?? []).Where(t => !Grammar.IsTask(t)).Select(t => new Problem("task", t.Name, "Its name, schedule, limit or program is not one that a host accepts.")));
        var shape = new AccountShape(
            new UnixUser(asked.Handle, asked.Uid, closed), true, asked.DiskLimitBytes, sites, vhosts,
            version is null || closed ? null : PhpPool.Render(host.Layout, asked.Handle, version),
            closed ? null : FileServer.Authorized(good),
            !closed)
        {
            Certificates = asked.Hold != AccountHold.Kept,
            Databases = databases.Where(Grammar.IsDatabase).ToDictionary(d => Databases.KeyOf(asked.Handle, d), d => AccessOf(d, closed, host.Databases?.RoomOf(asked.Handle) ?? Room.Free)),
            Apps = asked.Sites.Where(s => !closed && s.Kind == SiteKind.Proxy && sites.Contains(s.Name)).Select(s => s.Name).ToHashSet(StringComparer.Ordinal),
        };
        return new Wanted(asked, shape, problems, aside);
    }

    private static Access AccessOf(DatabaseState asked, bool suspended, Room room) =>
        new(asked.Verifier, suspended || (room == Room.Over && asked.Engine == DatabaseEngine.Postgres), room != Room.Free);

    private static string? Refusal(SiteState site, HostView host, string? version) => site.Kind switch
    {
        _ when !Grammar.IsSiteName(site.Name) => "The site's name is not one that a host accepts.",
        SiteKind.Static => null,
        SiteKind.Php when host.PhpVersions.Count == 0 => "PHP is not installed on this host.",
        SiteKind.Php when site.PhpVersion is { } asked && !host.PhpVersions.Contains(asked) => $"PHP {asked} is not on this host; there is {string.Join(", ", host.PhpVersions)}.",
        SiteKind.Php when site.PhpVersion is { } asked && version is { } first && asked != first => $"Another site of this account runs PHP {first}; one account runs one version.",
        SiteKind.Php or SiteKind.Proxy => null,
        _ => "This host cannot run sites of this kind.",
    };

    private static string? Refusal(string name, SiteState site, string handle, HostView host, Dictionary<string, Links> used) =>
        !Grammar.IsServed(name) ? "A domain of this site is not a lower-case host name of letters, digits and hyphens."
        : host.Vhosts.IsTaken(Vhosts.NameOf(name), handle) ? $"{name} already leads to a site of another account on this host."
        : used.ContainsKey(Vhosts.NameOf(name)) ? $"{name} leads to a site of this account already."
        : site.Kind != SiteKind.Static && Vhosts.NameOf(name).Length > NginxConf.LongestPhpHost ? $"{name} is longer than {NginxConf.LongestPhpHost} characters, too long for a site with a program."
        : null;
}

/// <summary>Who has which handle and which uid: the users of the host, and those that this pass has given out.</summary>
internal sealed class Occupants(IReadOnlyDictionary<string, UnixUser> found, ILookup<int, UnixUser> byUid)
{
    private readonly Dictionary<string, UnixUser> claimed = new(StringComparer.Ordinal);
    private readonly Dictionary<int, UnixUser> claimedUids = [];

    public void Claim(UnixUser user) => (claimed[user.Handle], claimedUids[user.Uid]) = (user, user);

    public UnixUser? Of(string handle) => claimed.GetValueOrDefault(handle) ?? found.GetValueOrDefault(handle);

    /// <summary>Somebody else who has the uid.</summary>
    public UnixUser? Other(int uid, string handle) =>
        claimedUids.GetValueOrDefault(uid) is { } given && given.Handle != handle ? given : byUid[uid].FirstOrDefault(u => u.Handle != handle);
}

/// <summary>What an account is checked against.</summary>
internal sealed record HostView(
    Layout Layout,
    Vhosts Vhosts,
    IReadOnlySet<string> TakenByMachine,
    Occupants Users,
    IReadOnlyList<string> PhpVersions,
    Certificates? Certificates = null,
    Databases? Databases = null);
