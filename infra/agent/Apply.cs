using System.Diagnostics;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Takes the steps of one account's plan. Every step is safe to take twice and leaves the old or the new thing.</summary>
internal sealed class Apply(Host host, TimeProvider time)
{
    /// <summary>A failed step puts its site aside and the rest goes on; without a user or a home there is nothing to go on with.</summary>
    /// <param name="times">Milliseconds by site.</param>
    public async Task<IReadOnlyList<Problem>> RunAsync(Wanted wanted, IReadOnlyList<Step> steps, Dictionary<string, long> times, CancellationToken ct)
    {
        var problems = new List<Problem>();
        foreach (var step in steps)
        {
            var clock = Stopwatch.StartNew();
            var site = SiteOf(step, wanted);
            Problem Problem(string reason) => site is not null ? new("site", site, reason)
                : step.Act is Act.PutDatabase or Act.DropDatabase ? new("database", step.Name.Split('_', 2)[1], reason) : new("account", step.Handle, reason);
            try
            {
                if (await TakeAsync(step, wanted, problems, ct) is { } reason)
                {
                    problems.Add(Problem(reason));
                }
            }
            catch (Exception no) when (no is MachineException or IOException or UnauthorizedAccessException)
            {
                problems.Add(Problem(no.Message));
                if (step.Act is Act.MakeTree or Act.EndProcesses)
                {
                    break;
                }
            }

            step.Took = clock.ElapsedMilliseconds;
            if (site is not null)
            {
                times[site] = times.GetValueOrDefault(site) + clock.ElapsedMilliseconds;
            }
        }

        return problems;
    }

    private static string? SiteOf(Step step, Wanted wanted) => step.Act switch
    {
        Act.MakeSite or Act.OpenApp => step.Name,
        Act.PutVhost => wanted.Asked.Sites.FirstOrDefault(s => s.Address == step.Name || s.Domains.Any(d => Vhosts.NameOf(d) == step.Name))?.Name,
        _ => null,
    };

    /// <summary>Null, or why the site of this step is not well.</summary>
    private async Task<string?> TakeAsync(Step step, Wanted wanted, List<Problem> problems, CancellationToken ct)
    {
        var (handle, uid) = (step.Handle, wanted.Asked.Uid);
        switch (step.Act)
        {
            // Users were written for the whole pass at once.
            case Act.MakeUser: break;
            case Act.MakeTree: host.Trees.Make(handle, uid); break;
            case Act.SetLimit: host.Volume.SetLimit(uid, wanted.Shape.Limit); break;
            case Act.PutDatabase: host.Databases.Put(step.Name, wanted.Shape.Databases[step.Name]); break;
            case Act.DropDatabase:
                await host.Databases.DropAsync(step.Name, uid, $"{host.Layout.Trash}/{step.Name.Replace('/', '.')}.sql-{uid}-{time.GetUtcNow().ToUnixTimeSeconds()}", ct);
                break;
            case Act.MakeSite: host.Trees.MakeSite(handle, uid, step.Name); break;
            case Act.WritePool: WritePool(handle, uid, wanted, problems); break;
            case Act.OpenApp: host.Php.Open(Served.AppOf(host.Layout, handle, uid, step.Name)); break;
            case Act.DropApp: host.Php.Close(Served.AppKey(handle, step.Name), host.Layout.AppSocket(handle, step.Name)); break;
            case Act.PutVhost: return await PutVhostAsync(step.Name, wanted, ct);
            case Act.DropVhost: host.Vhosts.Drop(step.Name); break;
            case Act.DropCertificates: host.Certificates.Forget(handle); break;
            case Act.WriteKeys: Files.Put(host.Layout.KeyFile(handle), wanted.Shape.Keys!, Modes.GroupFile, uid); break;
            case Act.DropKeys: File.Delete(host.Layout.KeyFile(handle)); break;
            case Act.DropPool: DropPool(handle); break;
            case Act.EndProcesses: Processes.EndAllOf(uid); break;
            case Act.DropSite: host.Trees.DropSite(handle, step.Name, time.GetUtcNow()); break;
            case Act.DropUser: host.Users.Write(host.Users.Read().Values.Where(u => u.Handle != handle)); break;
            case Act.Erase: host.Volume.Erase(uid); break;
            case Act.DropTree: host.Volume.ToTrash(handle, uid, time.GetUtcNow()); break;
            default: throw new InvalidOperationException($"{step.Act} is not known here.");
        }

        return null;
    }

    /// <summary>The staged pool is checked by php-fpm itself; a refused one leaves the last good one in service.</summary>
    private void WritePool(string handle, int uid, Wanted wanted, List<Problem> problems)
    {
        var version = PhpPool.VersionOf(wanted.Shape.Pool!);
        var staged = $"{host.Layout.Php}/{handle}.staged";
        Files.Put(staged, wanted.Shape.Pool!, Modes.GroupFile, uid);
        if (PhpPool.Check(uid, version, staged) is { } refused)
        {
            problems.AddRange(wanted.Asked.Sites.Where(s => s.Kind == SiteKind.Php).Select(s => new Problem("site", s.Name, refused)));
            return;
        }

        Native.Rename(staged, host.Layout.Pool(handle));
        host.Php.Open(Served.PhpOf(host.Layout, handle, uid, version));
    }

    private void DropPool(string handle)
    {
        host.Php.Close(Served.PhpKey(handle), host.Layout.PhpSocket(handle));
        File.Delete(host.Layout.Pool(handle));
    }

    private async Task<string?> PutVhostAsync(string name, Wanted wanted, CancellationToken ct)
    {
        var links = wanted.Shape.Vhosts[name];
        if (links.ContainsKey("php.sock") && !links.ContainsKey("suspended") && !host.Php.IsOpen(Served.PhpKey(wanted.Asked.Handle)))
        {
            return null;
        }

        if (host.Vhosts.IsTaken(name, wanted.Asked.Handle))
        {
            return $"{name} already leads to a site of another account on this host.";
        }

        var before = host.Vhosts.Put(name, links);
        // Which names lead to it is written after the pass.
        var wrong = Vhosts.IsMany(name) || host.Vhosts.Over(name) is not null ? null : await host.Web.ProbeAsync(name, links.ContainsKey("suspended"), ct);
        if (wrong is null)
        {
            Vhosts.Settle(before);
        }
        else
        {
            host.Vhosts.TakeBack(name, before);
        }

        return wrong;
    }
}
