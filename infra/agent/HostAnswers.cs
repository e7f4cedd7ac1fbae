using Panel.Hosting;

namespace Panel.Agent;

internal sealed partial class HostAgent
{
    /// <summary>Tells what was visited, and to whom it may concern the end of one site's log.</summary>
    private async Task CountAsync(AgentRequest? request, CancellationToken ct)
    {
        await host.AccessLog.TurnAsync(name => host.Vhosts.Serving(name) is { } links && host.Vhosts.OwnerOf(links) is { } owner && Vhosts.SiteOf(links) is { } site
            ? (owner, site) : null, ct);
        var traffic = host.AccessLog.Untold();
        var lines = request is { Handle: { } handle, Name: { } name } && Grammar.IsHandle(handle) && Grammar.IsSiteName(name) ? host.AccessLog.Tail(handle, name, LongestTail) : null;
        if ((traffic.Count > 0 || request is not null) && desired.Epoch.Length > 0
            && await TellAsync(Facts() with { RequestId = request?.Id, Plan = request is null ? null : lines ?? [], Traffic = traffic }, ct))
        {
            host.AccessLog.Told(traffic);
        }
    }

    /// <summary>Pairs of names of one and the same served site, every word checked by the pass that serves them.</summary>
    private IEnumerable<KeyValuePair<string, string>> Redirects() =>
        from account in desired.Accounts.Values.Where(a => a.IsOpen)
        from site in account.Sites.Where(s => s.Canonical is { } target && Grammar.IsDomain(target))
        let names = site.Domains.Append(site.Address).Where(n => host.Vhosts.All.GetValueOrDefault(n) is { } links && host.Vhosts.OwnerOf(links) == account.Handle && Vhosts.SiteOf(links) == site.Name).ToList()
        from name in names.Where(n => n != site.Canonical && names.Contains(site.Canonical!) && Grammar.IsDomain(n))
        select KeyValuePair.Create(name, site.Canonical!);

    private HostReport Facts() => new(
        desired.Epoch, desired.Revision, false, 0,
        new HostFacts(host.Ports.HttpPort, host.Ports.HttpsPort, host.Ports.SftpPort, options.Address, host.Volume.Kind, host.Volume.Enforces, host.PhpVersions, host.Certificates.IsOn, host.Layout.Run, host.Volume.Free, sameDisk.Value),
        [], [], Orphans(), null, null);

    /// <summary>Accounts that are here and that Panel does not know: they are left running.</summary>
    private IReadOnlyList<string> Orphans() => [.. host.Users.Read().Keys.Except(desired.Accounts.Keys).Order(StringComparer.Ordinal)];

    private IReadOnlyList<UsageReport> Usage()
    {
        var users = host.Users.Read();
        var used = host.Volume.Usage(users.ToDictionary(u => u.Key, u => u.Value.Uid));
        var databases = host.Databases.Sizes();
        IReadOnlyList<UsageReport> found = [.. users.Values.Where(u => used.ContainsKey(u.Uid)).Select(u => new UsageReport(
            u.Handle, used[u.Uid] + databases[u.Handle].Sum(d => d.Bytes), desired.Accounts.GetValueOrDefault(u.Handle)?.DiskLimitBytes, host.Volume.Enforces, [.. databases[u.Handle]]))];
        crossed.UnionWith(host.Databases.Measure(found));
        return found;
    }
}
