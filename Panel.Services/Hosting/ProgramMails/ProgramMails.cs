using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Members;
using Panel.Services.Newsletters;

namespace Panel.Services.Hosting.ProgramMails;

/// <summary>What a member's programs send by PHP's <c>mail()</c>: in the member's own names only, within the mails of the package, and
/// handed to the relay before the program hears "sent". Nothing of a message is kept.</summary>
public sealed class ProgramMails(PanelDb db, IMailTransport transport, IOptions<MailOptions> mail, IOptions<HostingOptions> hosting, TimeProvider time)
{
    /// <summary>Of a whole message.</summary>
    public const int MostBytes = 10 << 20;

    private static readonly IssueState[] Waiting = [IssueState.Scheduled, IssueState.Held];

    /// <param name="uid">Who the program runs as; the kernel has said so.</param>
    /// <param name="sender">The envelope sender it asked for (<c>-f</c>), or empty.</param>
    public async Task<Outcome<Done>> SendAsync(uint uid, string sender, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        var id = (long)uid - Member.FirstUid;
        var member = await db.Users.AsNoTracking().SingleOrDefaultAsync(m => m.Id == id && m.RemovedAt == null && m.SuspendedAt == null, ct);
        if (member is null)
        {
            return new NotAllowed("Only the programs of this house's members send mail here.");
        }

        if (mail.Value.Transport == MailTransports.Pickup)
        {
            return new InTheWay("This house has no mail relay yet, so mail() cannot send anything. Ask an admin of the house to set one up.");
        }

        var read = ProgramMail.Read(message.Span);
        if (read.Refused is { } unreadable)
        {
            return unreadable;
        }

        var own = await DomainsAsync(member, ct);
        var from = read.Value!.From ?? (own.Count > 0 ? EmailAddress.Parse($"{member.Handle}@{own[0]}") : null);
        var back = sender.Length == 0 ? from : EmailAddress.Parse(sender);
        if (from is null || back is null || !own.Contains(from.Domain) || !own.Contains(back.Domain))
        {
            return new Refusal($"From must be an address of a domain of your own: {(own.Count > 0 ? string.Join(", ", own.Take(5)) : "you have none yet")}. {(back ?? from)?.Typed ?? sender} is not.");
        }

        return await CountAsync(member, read.Value.To.Count, ct) ?? await HandOverAsync(member, read.Value, from, back, ct);
    }

    /// <summary>Proved names, approved sender domains, and the automatic names of the sites.</summary>
    private async Task<List<string>> DomainsAsync(Member member, CancellationToken ct)
    {
        var names = await db.Set<SiteDomain>().Where(d => d.MemberId == member.Id && d.ApprovedAt != null && !d.Name.StartsWith("*.")).OrderBy(d => d.Id).Select(d => d.Name).ToListAsync(ct);
        names.AddRange(await db.Set<SenderDomain>().Where(d => d.MemberId == member.Id && d.ApprovedAt != null).OrderBy(d => d.Id).Select(d => d.Domain).ToListAsync(ct));
        var sites = await db.Set<Site>().Where(s => s.MemberId == member.Id && s.RemovedAt == null).OrderBy(s => s.Id).Select(s => s.Name).ToListAsync(ct);
        return [.. names.Concat(sites.Select(s => Site.AddressOf(s, member.Handle, hosting.Value.Base))).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Counted before they go, so that many programs at once do not send more than there is.</summary>
    private async Task<Refusal?> CountAsync(Member member, int mails, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (day, start) = (new DateOnly(now.Year, now.Month, 1), new DateTime(now.Year, now.Month, 1, 0, 0, 0, DateTimeKind.Utc));
        var limit = await db.Set<Package>().Where(p => p.Id == member.PackageId).Select(p => p.Mails).SingleAsync(ct);
        var lists = await db.Set<Issue>().Where(i => (i.StartedAt >= start || Waiting.Contains(i.State)) && db.Set<MailingList>().Any(l => l.Id == i.ListId && l.MemberId == member.Id))
            .SumAsync(i => i.Mails, ct);
        var left = limit - lists;
        var taken = mails > left ? 0 : await db.Database.ExecuteSqlAsync($"""
            INSERT INTO program_mails (member_id, month, mails) VALUES ({member.Id}, {day}, {mails})
            ON CONFLICT (member_id, month) DO UPDATE SET mails = program_mails.mails + {mails} WHERE program_mails.mails + {mails} <= {left}
            """, ct);
        return taken == 1 ? null : new InTheWay($"Your package has {limit:#,0} mails a month, and they are used up. Ask an admin for a bigger package.");
    }

    private async Task<Outcome<Done>> HandOverAsync(Member member, ProgramMail read, EmailAddress from, EmailAddress back, CancellationToken ct)
    {
        var opening = await transport.OpenAsync(ct);
        await using var connection = opening.Connection;
        var (sent, reply) = (0, opening.Reply);
        var bytes = read.Write(from, time.GetUtcNow().UtcDateTime, $"{Guid.NewGuid():n}.{member.Id}");
        foreach (var to in read.To)
        {
            if (connection is { IsOpen: true })
            {
                reply = await connection.SendAsync(back.Typed, to.Typed, bytes, _ => Task.FromResult(true), ct);
                sent += reply.Result is MailResult.Accepted or MailResult.Unknown ? 1 : 0;
            }
        }

        if (sent == read.To.Count)
        {
            return Done.It;
        }

        var (kept, now) = (read.To.Count - sent, time.GetUtcNow().UtcDateTime);
        var day = new DateOnly(now.Year, now.Month, 1);
        await db.Database.ExecuteSqlAsync($"UPDATE program_mails SET mails = mails - {kept} WHERE member_id = {member.Id} AND month = {day} AND mails >= {kept}", CancellationToken.None);
        return new InTheWay($"The mail relay did not take it{(sent > 0 ? $" for {kept} of {read.To.Count} addresses" : "")}: {AgentReports.Plain($"{reply.Code} {reply.Words}")}");
    }
}
