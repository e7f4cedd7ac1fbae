using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>Places every member on a host and tells the host when the account as a whole has changed.</summary>
internal sealed class AccountFollower(PanelDb db, Revisions revisions, TimeProvider time) : IMemberFollower
{
    public async Task<Refusal?> CheckAsync(NewMember wanted, CancellationToken ct) =>
        wanted.Host is not { Length: > 0 } name ? null
        : await NamedAsync(name, ct) is not { } host ? new Refusal($"There is no host {name}.", "host")
        : host is { Link: HostLink.Remote, SeenAt: null } ? new InTheWay($"Host {name} has not called yet, so nothing can be placed there.", "host")
        : null;

    public async Task ChangedAsync(Member member, CancellationToken ct)
    {
        if (await revisions.RaiseAsync(member.Id, ct) is { } placement)
        {
            placement.StatusRevision = placement.Revision;
            return;
        }

        // Without a host the account waits: the next start places it.
        if (await PlaceAsync(member.WantedHost, ct) is { } host)
        {
            var revision = await revisions.RaiseHostAsync(host, ct);
            db.Add(new Placement { MemberId = member.Id, HostId = host, Revision = revision, StatusRevision = revision, PlacedAt = time.GetUtcNow().UtcDateTime });
        }
    }

    private Task<Host?> NamedAsync(string name, CancellationToken ct) =>
        db.Set<Host>().AsNoTracking().SingleOrDefaultAsync(h => h.Name == name || (name == Hosts.Local && h.Link == HostLink.Local), ct);

    /// <summary>Where an admin wants it, else where most disk is free among the hosts that call; the machine of Panel itself when none says.</summary>
    private async Task<long?> PlaceAsync(string? wanted, CancellationToken ct)
    {
        if (wanted is not null)
        {
            return (await NamedAsync(wanted, ct))?.Id;
        }

        var (hosts, now) = (await db.Set<Host>().AsNoTracking().OrderBy(h => h.Id).ToListAsync(ct), time.GetUtcNow().UtcDateTime);
        return (hosts.Where(h => !h.IsSilent(now) && h.RemovalsHeldAt is null).MaxBy(h => h.ReadFacts()?.FreeBytes ?? 0) ?? hosts.FirstOrDefault())?.Id;
    }
}

/// <summary>At the first start makes the host that Panel itself runs on, and places whoever has no host yet. Safe to run again
/// and on several nodes.</summary>
internal sealed partial class LocalHost(IServiceScopeFactory scopes, TimeProvider time) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var epoch = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync(cancellationToken);
        var (name, now) = (NameOf(Environment.MachineName), time.GetUtcNow().UtcDateTime);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO hosts (name, link, revision, report_number, confirmed_epoch, created_at, reported_revision, pass_milliseconds)
            VALUES ({name}, {nameof(HostLink.Local)}, 1, 0, {epoch}, {now}, 0, 0) ON CONFLICT DO NOTHING
            """, cancellationToken);

        var follower = ActivatorUtilities.CreateInstance<AccountFollower>(scope.ServiceProvider);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var member in await db.Users.Where(m => !db.Set<Placement>().Any(p => p.MemberId == m.Id)).OrderBy(m => m.Id).ToListAsync(cancellationToken))
        {
            await follower.ChangedAsync(member, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The machine's name as a name of Panel's own grammar.</summary>
    internal static string NameOf(string machine)
    {
        var plain = Foreign().Replace(machine.ToLowerInvariant().Split('.')[0], "-").Trim('-');
        plain = plain[..Math.Min(31, plain.Length)].Trim('-');
        return plain.Length > 0 ? plain : "host";
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Foreign();
}
