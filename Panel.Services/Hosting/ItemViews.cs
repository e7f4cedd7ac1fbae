using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>State and reason of a member's things of one kind, from what the host has reported.</summary>
public sealed class ItemViews(PanelDb db, TimeProvider time)
{
    internal async Task<ItemView> OfAsync(Member member, string kind, CancellationToken ct)
    {
        var placement = await db.Set<Placement>().AsNoTracking().SingleOrDefaultAsync(p => p.MemberId == member.Id, ct);
        var host = placement is null ? null : await db.Set<Host>().AsNoTracking().SingleAsync(h => h.Id == placement.HostId, ct);
        var said = await db.Set<ItemStatus>().AsNoTracking().Where(s => s.MemberId == member.Id && s.Kind == kind && host != null && s.HostId == host.Id).ToDictionaryAsync(s => s.Name, ct);
        return new ItemView(member, placement, host, said, time.GetUtcNow().UtcDateTime);
    }
}

internal sealed record ItemView(Member Member, Placement? Placement, Host? Host, IReadOnlyDictionary<string, ItemStatus> Said, DateTime Now)
{
    /// <param name="revision">The host's number at the last change of the thing: an older report says nothing about it.</param>
    public (string State, string? Reason) Of(string name, long revision)
    {
        var needed = Math.Max(revision, Placement?.StatusRevision ?? 0);
        return SiteViews.StateOf(Said.GetValueOrDefault(name) is { } status && status.Revision >= needed ? status : null, Member, Host, Now);
    }
}
