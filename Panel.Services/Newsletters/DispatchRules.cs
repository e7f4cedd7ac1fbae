using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Hosting.ProgramMails;
using Panel.Services.Members;
using Panel.Services.Newsletters.Approving;
using Panel.Services.Newsletters.Segmenting;

namespace Panel.Services.Newsletters;

/// <summary>What must hold before a list may send; asked at the last screen, when it is sent off, and again when it starts.</summary>
public sealed class DispatchRules(PanelDb db, Audiences audiences, Approvals approvals)
{
    private static readonly IssueState[] Waiting = [IssueState.Scheduled, IssueState.Held];

    /// <summary>How many people of a list would get an issue for <paramref name="audience"/> (empty: everybody) now.</summary>
    internal Task<int> PeopleAsync(MailingList list, string audience, CancellationToken ct) => audiences.PeopleAsync(list, audience, ct);

    internal Task<int> KnownAsync(long listId, CancellationToken ct) => db.Set<Subscriber>().CountAsync(s => s.ListId == listId, ct);

    /// <summary>Null, or in words what must be done first (A8, L8, F13, V8, the package's month).</summary>
    /// <param name="sender">Who sends it off; null when it starts by itself.</param>
    internal async Task<Refusal?> CheckAsync(MailingList list, Issue issue, Actor? sender, DateTime now, CancellationToken ct)
    {
        var member = await db.Users.AsNoTracking().SingleAsync(m => m.Id == list.MemberId, ct);
        if (!member.IsActive || list.RemovedAt is not null)
        {
            return new InTheWay(list.RemovedAt is not null ? $"The list {list.Name} was removed." : $"{member.Handle} is {member.Status}: nothing is sent.");
        }

        var domain = EmailAddress.Parse(list.FromEmail)?.Domain;
        if (!await db.Set<SenderDomain>().AnyAsync(d => d.MemberId == list.MemberId && d.Domain == domain && d.ApprovedAt != null, ct))
        {
            return new InTheWay($"{domain} is not approved for sending yet. Ask an admin of the house to approve it.");
        }

        var people = await PeopleAsync(list, issue.Audience, ct);
        if (people == 0)
        {
            return new InTheWay(issue.Audience.Length > 0
                ? $"The segment {issue.AudienceName} holds nobody who gets mail, so there is nobody to send to."
                : $"The list {list.Name} has no confirmed subscribers, so there is nobody to send to.");
        }

        if (await approvals.CheckAsync(sender, issue, list, ct) is { } unseen)
        {
            return unseen;
        }

        return await CheckMonthAsync(member, issue, people, now, ct);
    }

    private async Task<Refusal?> CheckMonthAsync(Member member, Issue issue, int people, DateTime now, CancellationToken ct)
    {
        var package = await db.Set<Package>().AsNoTracking().SingleAsync(p => p.Id == member.PackageId, ct);
        var month = new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Utc);
        var used = await db.Set<Issue>()
            .Where(i => i.Id != issue.Id && (i.StartedAt >= month || Waiting.Contains(i.State)) && db.Set<MailingList>().Any(l => l.Id == i.ListId && l.MemberId == member.Id))
            .SumAsync(i => i.Mails, ct)
            + await db.Set<MailCount>().Where(c => c.MemberId == member.Id && c.Month == DateOnly.FromDateTime(month)).SumAsync(c => c.Mails, ct);
        return used + people <= package.Mails ? null : new InTheWay(
            $"The package {package.Name} has {package.Mails:#,0} mails a month. {used:#,0} are used or scheduled, and this issue needs {people:#,0}. Ask an admin for a bigger package.");
    }
}
