using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Something a host was asked to do. <paramref name="State"/> is <c>queued</c>, <c>running</c>, <c>done</c>, <c>failed</c> (with the
/// reason) or <c>lost</c> (nobody answered in time).</summary>
public sealed record OperationPage(
    long Id, string Host, string Work, string? About, string State, string? Reason, string AskedBy, DateTime AskedAt, DateTime? TakenAt, DateTime? AnsweredAt, long Milliseconds,
    IReadOnlyList<string> Steps);

/// <summary>What hosts were asked to do, by whom, how long it took and what came of it; for admins.</summary>
public sealed class Operations(PanelDb db, Hosts hosts, TimeProvider time)
{
    private const int Shown = 100;

    public async Task<Outcome<IReadOnlyList<OperationPage>>> ListAsync(Actor by, string name, CancellationToken ct)
    {
        if (await hosts.FindAsync(by, name, ct) is not { } host)
        {
            return new NotThere($"host {name}");
        }

        var rows = await db.Set<HostRequest>().AsNoTracking().Where(r => r.HostId == host.Id && r.Work != AgentWork.Usage && r.Work != AgentWork.Log && r.Work != AgentWork.Contents)
            .OrderByDescending(r => r.Id).Take(Shown).ToListAsync(ct);
        return rows.ConvertAll(r => PageOf(r, host.Name) with { Steps = [] });
    }

    public async Task<Outcome<OperationPage>> ShowAsync(Actor by, string name, long id, CancellationToken ct) =>
        await hosts.FindAsync(by, name, ct) is { } host
        && await db.Set<HostRequest>().AsNoTracking().SingleOrDefaultAsync(r => r.Id == id && r.HostId == host.Id && r.Work != AgentWork.Log && r.Work != AgentWork.Contents, ct) is { } request
            ? PageOf(request, host.Name) : new NotThere($"operation {id} of host {name}");

    private OperationPage PageOf(HostRequest r, string host) => new(
        r.Id, host, r.Work.ToString().ToLowerInvariant(), r.Handle is null ? null : $"{r.Handle}/{r.Name}",
        r switch
        {
            { Failure: not null } => "failed",
            { AnsweredAt: not null } => "done",
            _ when time.GetUtcNow().UtcDateTime - r.AskedAt > HostRequest.Life => "lost",
            { TakenAt: not null } => "running",
            _ => "queued",
        },
        r.Failure, r.AskedBy, r.AskedAt, r.TakenAt, r.AnsweredAt, r.Milliseconds, AgentWire.ReadLines(r.Plan));
}
