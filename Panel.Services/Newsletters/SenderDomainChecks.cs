using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Mail;
using Panel.Services.Newsletters.Returning;

namespace Panel.Services.Newsletters;

/// <summary>Looks sender domains up in the DNS: wanted against found, at once and then hourly until everything is right, then daily.
/// The look-ups never stop a sending; they say what receivers will refuse.</summary>
public sealed class SenderDomainChecks(
    PanelDb db, Members.Members members, SenderDomains senders, NameLookup lookup, ReturnAddresses addresses, IOptions<MailOptions> mail, IOptions<PanelOptions> panel, TimeProvider time)
{
    private const int MostAtOnce = 20;

    /// <summary>One domain, now.</summary>
    public async Task<Outcome<SenderDomainPage>> CheckAsync(Actor by, string handle, string domain, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<SenderDomain>().AsNoTracking().SingleOrDefaultAsync(d => d.MemberId == member.Id && d.Domain == domain, ct) is not { } known)
        {
            return new NotThere($"sender domain {domain} of {handle}");
        }

        await LookAsync(known, ct);
        return (await senders.ListAsync(by, handle, ct)).Value!.Single(d => d.Domain == domain);
    }

    /// <summary>Those that are due. Safe to run twice, late, or on two nodes.</summary>
    public async Task<int> CheckDueAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (hour, day) = (now.AddMinutes(-59), now.AddHours(-23));
        var due = await db.Set<SenderDomain>().AsNoTracking()
            .Where(d => d.CheckedAt == null || (d.RightAt == null && d.CheckedAt < hour) || d.CheckedAt < day).OrderBy(d => d.CheckedAt).Take(MostAtOnce).ToListAsync(ct);
        foreach (var domain in due)
        {
            await LookAsync(domain, ct);
        }

        return due.Count;
    }

    /// <summary>What is missing for a sender, in sentences for the last screen (A1-A4); empty when all is right or nobody looked yet.</summary>
    internal async Task<IReadOnlyList<string>> WarningsAsync(long memberId, string domain, CancellationToken ct)
    {
        var rows = await db.Set<SenderDomain>().AsNoTracking().Where(d => d.MemberId == memberId && d.Domain == domain).Select(d => d.Rows).SingleOrDefaultAsync(ct);
        return [.. Read(rows).Where(r => r.State is "missing" or "differs").Select(r => $"{r.What} of {domain} {(r.State == "missing" ? "is missing" : "is not what it should be")}. {r.Words}")];
    }

    internal static IReadOnlyList<SenderDomainRow> Read(string? rows) => rows is null ? [] : JsonSerializer.Deserialize<List<SenderDomainRow>>(rows)!;

    private async Task LookAsync(SenderDomain known, CancellationToken ct)
    {
        var options = mail.Value;
        var onLoopback = options.Transport == MailTransports.Pickup || options.Smtp.Host is "localhost" || (System.Net.IPAddress.TryParse(options.Smtp.Host, out var ip) && System.Net.IPAddress.IsLoopback(ip));
        var (name, value) = senders.RowOf(known);
        var wish = new SenderDomainWish(known.Domain, name, value, addresses.Domain, onLoopback ? panel.Value.PublicUri.IdnHost : options.Smtp.Host, onLoopback || options.Smtp.Security != "none");
        var (spf, dkim, dmarc, mx, a) = (
            lookup.AskAsync(known.Domain, "TXT", ct), lookup.AskAsync(name, "TXT", ct), DmarcAsync(known.Domain, ct), lookup.AskAsync(known.Domain, "MX", ct), lookup.AskAsync(wish.SendingHost, "A", ct));
        var pointers = (await a).Values is [var first, ..] && SenderDomainRows.PointerName(first) is { } pointer ? await lookup.AskAsync(pointer, "PTR", ct) : new DnsAnswer([]);
        var back = pointers.Values is [var called, ..] ? await lookup.AskAsync(called.TrimEnd('.'), "A", ct) : new DnsAnswer([]);
        var rows = SenderDomainRows.Compare(wish, new SenderDomainFound(await spf, await dkim, await dmarc, await mx, await a, pointers, back));
        var (json, now) = (JsonSerializer.Serialize(rows), time.GetUtcNow().UtcDateTime);
        var right = rows.All(r => r.State == "found") ? known.RightAt ?? now : (DateTime?)null;
        await db.Set<SenderDomain>().Where(d => d.Id == known.Id).ExecuteUpdateAsync(
            set => set.SetProperty(d => d.Rows, json).SetProperty(d => d.CheckedAt, now).SetProperty(d => d.RightAt, right), ct);
    }

    // A domain without a record of its own goes by the one above it (RFC 7489 §6.6.3), down to two labels.
    private async Task<DnsAnswer> DmarcAsync(string domain, CancellationToken ct)
    {
        var answer = await lookup.AskAsync($"_dmarc.{domain}", "TXT", ct);
        return answer is { Trouble: null, Values.Count: 0 } && domain.Split('.', 2) is [_, var above] && above.Contains('.', StringComparison.Ordinal) ? await DmarcAsync(above, ct) : answer;
    }
}
