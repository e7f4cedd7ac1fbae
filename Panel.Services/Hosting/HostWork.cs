using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>What a host answered: the steps of a dry run, or how long a pass took.</summary>
public sealed record HostAnswer(string Host, string Work, IReadOnlyList<string> Steps, long Milliseconds, DateTime AnsweredAt, long RequestId);

/// <summary>Asks a host for something and waits for its answer; for admins, and for members about their own logs.</summary>
public sealed class HostWork(PanelDb db, Hosts hosts, LiveChanges live, AuditTrail audit, TimeProvider time)
{
    public static readonly TimeSpan PlanLimit = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan LogLimit = TimeSpan.FromSeconds(20);
    public static readonly TimeSpan PassLimit = TimeSpan.FromMinutes(3);

    /// <summary>What a host is asked for one account at once.</summary>
    public const int MostOpen = 8;

    /// <summary>What a pass would do; does nothing.</summary>
    public Task<Outcome<HostAnswer>> PlanAsync(Actor by, string name, CancellationToken ct) => AskAsync(by, name, AgentWork.Plan, PlanLimit, ct);

    /// <summary>Runs a full pass now and waits until it is through.</summary>
    public Task<Outcome<HostAnswer>> ConvergeAsync(Actor by, string name, CancellationToken ct) => AskAsync(by, name, AgentWork.Converge, PassLimit, ct);

    /// <summary>The end of a site's access log, one JSON object a line, oldest first. Who may ask has been decided before.</summary>
    internal async Task<Outcome<HostAnswer>> LogAsync(Actor by, long hostId, string handle, string site, CancellationToken ct)
    {
        var host = await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == hostId, ct);
        return await AskAsync(by, host, AgentWork.Log, handle, site, LogLimit, ct);
    }

    private async Task<Outcome<HostAnswer>> AskAsync(Actor by, string name, AgentWork work, TimeSpan limit, CancellationToken ct) =>
        await hosts.FindAsync(by, name, ct) is { } host ? await AskAsync(by, host, work, null, null, limit, ct) : new NotThere($"host {name}");

    /// <summary>Asks for work on one account and waits for its end; whoever calls it has checked the right and writes the audit entry.</summary>
    internal async Task<Outcome<HostAnswer>> AskAsync(Actor by, Host host, AgentWork work, string? handle, string? item, TimeSpan limit, CancellationToken ct, string? detail = null)
    {
        if (host.IsSilent(time.GetUtcNow().UtcDateTime))
        {
            return new InTheWay($"Host {host.Name} does not answer. {Hosts.StateOf(host, time.GetUtcNow().UtcDateTime).Reason}");
        }

        var request = new HostRequest { HostId = host.Id, Work = work, Handle = handle, Name = item, Detail = detail, AskedBy = by.Name, AskedAt = time.GetUtcNow().UtcDateTime };
        await using (var transaction = await db.Database.BeginTransactionAsync(ct))
        {
            if (handle is not null && await IsAskedAsync(request, ct))
            {
                return new InTheWay("This is being done already, or too much was asked for this account at once. Try again when it is through.");
            }

            db.Add(request);
            if (work == AgentWork.Converge)
            {
                audit.Add(by, null, "host.converge", host.Name);
            }

            live.AfterCommit(db, LiveChanges.Host(host.Id));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        var until = time.GetUtcNow() + limit;
        while (true)
        {
            var next = live.Next(LiveChanges.Request(request.Id));
            var row = await db.Set<HostRequest>().AsNoTracking().SingleAsync(r => r.Id == request.Id, ct);
            if (row is { AnsweredAt: not null, Failure: { } why })
            {
                return new InTheWay(why);
            }

            if (row.AnsweredAt is { } at)
            {
                return new HostAnswer(host.Name, work.ToString().ToLowerInvariant(), AgentWire.ReadLines(row.Plan), row.Milliseconds, at, row.Id);
            }

            if (time.GetUtcNow() >= until)
            {
                return new InTheWay($"Host {host.Name} did not answer within {limit.TotalSeconds:0} seconds. What it was asked stands, and it will be done when the host is free.");
            }

            await live.WaitAsync(next, LiveChanges.LookAgain, ct);
        }
    }

    /// <summary>One member's impatience must not be a queue in front of all others of the host: the same work is done once at a time (a log may be read
    /// twice), and not much more beside it. Who asked and went away is still being worked for.</summary>
    private async Task<bool> IsAskedAsync(HostRequest wanted, CancellationToken ct)
    {
        // Writing first takes the row's lock, so that two askers are counted one after the other.
        await db.Set<Host>().Where(h => h.Id == wanted.HostId).ExecuteUpdateAsync(set => set.SetProperty(h => h.ReportNumber, h => h.ReportNumber), ct);
        var recent = wanted.AskedAt - HostRequest.Life;
        var open = await db.Set<HostRequest>().Where(r => r.HostId == wanted.HostId && r.Handle == wanted.Handle && r.AnsweredAt == null && r.AskedAt > recent).Select(r => new { r.Work, r.Name }).ToListAsync(ct);
        return open.Count >= MostOpen || (wanted.Work != AgentWork.Log && open.Exists(r => r.Work == wanted.Work && (r.Work != AgentWork.Task || r.Name == wanted.Name)));
    }
}
