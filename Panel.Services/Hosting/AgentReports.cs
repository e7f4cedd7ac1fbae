using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Stores what the agent of a host found and did. A repeated report changes nothing; one about accounts of
/// another host, or about a future revision, is not believed.</summary>
public sealed class AgentReports(PanelDb db, LiveChanges live, Quotas quotas, TaskRuns runs, Traffic traffic, Backups backups, Drifts drifts, MoveSteps moves, Removals removals, TimeProvider time)
{
    private const int LongestMessage = 500, MostNotes = 50;
    private const int LongestName = 100;

    public async Task<Outcome<Done>> StoreAsync(long hostId, HostReport report, CancellationToken ct)
    {
        var epoch = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync(ct);
        if (report.Epoch != epoch)
        {
            return new InTheWay("This report is about another database. Ask for the accounts first.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Writing first takes the row's lock, so that two reports are counted one after the other.
        await db.Set<Host>().Where(h => h.Id == hostId).ExecuteUpdateAsync(set => set.SetProperty(h => h.ReportNumber, h => h.ReportNumber), ct);
        var host = await db.Set<Host>().SingleAsync(h => h.Id == hostId, ct);
        var now = time.GetUtcNow().UtcDateTime;
        var wasSilent = host.IsSilent(now);
        host.Hear(report, now);
        var handles = report.Accounts.Select(a => a.Handle).Concat(report.Usage.Select(u => u.Handle)).Concat((report.Runs ?? []).Select(r => r.Handle))
            .Concat((report.Traffic ?? []).Select(t => t.Handle)).Concat((report.Drift ?? []).Select(d => d.Handle)).Distinct().ToList();
        // A report about most of a host's accounts: reading them all costs less than looking each up.
        Task<List<KeyValuePair<string, long>>> ToldOfAsync(IQueryable<long> ids) => db.Users.Where(m => ids.Contains(m.Id)).Where(handles.Count > 1000 ? m => true : m => handles.Contains(m.UserName!))
            .Select(m => KeyValuePair.Create(m.UserName!, m.Id)).ToListAsync(ct);
        var members = (await ToldOfAsync(db.Set<Placement>().Where(p => p.HostId == host.Id).Select(p => p.MemberId))).ToDictionary();
        var copies = await ToldOfAsync(db.Set<AccountCopy>().Where(c => c.HostId == host.Id).Select(c => c.MemberId));
        await TakeItemsAsync(host, report, members.Concat(copies).ToDictionary(), now, ct);
        if (report.Usage.Count > 0)
        {
            await quotas.TakeAsync(host.Id, [.. report.Usage.Where(u => members.ContainsKey(u.Handle)).Select(u => (members[u.Handle], u))], now, ct);
        }

        await runs.TakeAsync(report.Runs ?? [], members, ct);
        await drifts.TakeAsync(host.Id, report.Drift ?? [], members, now, ct);
        if (report.Traffic is { Count: > 0 } told)
        {
            await traffic.TakeAsync(host.Id, told, members, now, ct);
        }

        if (report.RequestId is { } id && await db.Set<HostRequest>().SingleOrDefaultAsync(r => r.Id == id && r.HostId == host.Id && r.AnsweredAt == null, ct) is { } request)
        {
            request.Answer(report, now);
            await backups.TakeAsync(request, report, now, ct);
            await removals.TakeAsync(request, report, now, ct);
            if (report.Move is { } side && await db.Set<Move>().SingleOrDefaultAsync(m => m.EndedAt == null && (m.SendId == id || m.ReceiveId == id), ct) is { } move)
            {
                move.Hear(id, AgentWire.Write(side));
            }

            live.AfterCommit(db, LiveChanges.Request(id));
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        if (wasSilent)
        {
            foreach (var member in members.Values)
            {
                live.Wake(LiveChanges.Member(member));
            }
        }

        await moves.AfterReportAsync(hostId, ct);
        return Done.It;
    }

    private async Task TakeItemsAsync(Host host, HostReport report, Dictionary<string, long> members, DateTime now, CancellationToken ct)
    {
        var accounts = report.Accounts.Where(a => members.ContainsKey(a.Handle) && a.Revision <= host.Revision).ToList();
        var ids = accounts.Select(a => members[a.Handle]).ToList();
        var known = await db.Set<ItemStatus>().Where(s => s.HostId == host.Id && ids.Contains(s.MemberId)).ToDictionaryAsync(s => (s.MemberId, s.Kind, s.Name), ct);
        foreach (var account in accounts)
        {
            var member = members[account.Handle];
            foreach (var item in account.Items.Where(IsSound))
            {
                if (!known.TryGetValue((member, item.Kind, item.Name), out var status))
                {
                    known[(member, item.Kind, item.Name)] = status = new ItemStatus { HostId = host.Id, MemberId = member, Kind = item.Kind, Name = item.Name };
                    db.Add(status);
                }

                if (status.Take(account.Revision, item, Plain(item.Message), now, host.ReportNumber))
                {
                    live.AfterCommit(db, LiveChanges.Member(member));
                }
            }
        }
    }

    private static bool IsSound(ItemReport item) =>
        item.Kind is ItemStatus.Account or ItemStatus.SiteItem or ItemStatus.KeyItem or ItemStatus.CertificateItem or ItemStatus.DatabaseItem or ItemStatus.TaskItem && item.Name.Length is > 0 and <= LongestName && Enum.IsDefined(item.State);

    /// <summary>What a program said of a member's files, a name in most lines: no more lines than a person reads.</summary>
    internal static IReadOnlyList<string> Plain(IReadOnlyList<string> notes) => [.. notes.Take(MostNotes).Select(Plain).OfType<string>()];

    /// <summary>One line of bounded length: the words come from programs that read what members wrote.</summary>
    internal static string? Plain(string? message)
    {
        if (string.IsNullOrWhiteSpace(message))
        {
            return null;
        }

        // Letters that turn a line round or cannot be seen would have it say another thing than it does.
        var line = string.Concat(message.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator ? ' ' : c)).Trim();
        return line.Length > LongestMessage ? line[..LongestMessage] : line;
    }
}
