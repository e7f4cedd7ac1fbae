using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Newsletters;

/// <summary>A domain that waits for an admin, or has been approved.</summary>
public sealed record ClaimedDomain(string Handle, string Domain, DateTime CreatedAt, DateTime? ApprovedAt);

public sealed record SenderDomainPage(string Domain, string Selector, DateTime? ApprovedAt, string DkimName, string DkimValue)
{
    public DateTime? CheckedAt { get; init; }

    public DateTime? RightAt { get; init; }

    /// <summary>Wanted against found, as of the last look.</summary>
    public IReadOnlyList<SenderDomainRow> Rows { get; init; } = [];
}

/// <summary>The domains a member sends from. A domain belongs to one member; what the operator or an admin names counts as
/// approved, what a member names waits for an admin; mail providers' domains are refused (rule A8).</summary>
public sealed class SenderDomains(PanelDb db, Members.Members members, AuditTrail audit, IDataProtectionProvider protection, TimeProvider time)
{
    // Domains whose owners publish DMARC p=reject or quarantine for themselves: mail of ours in their name is refused everywhere.
    private static readonly HashSet<string> Providers = new(StringComparer.Ordinal)
    {
        "gmail.com", "googlemail.com", "yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.co.uk", "ymail.com", "aol.com", "hotmail.com", "outlook.com", "live.com",
        "msn.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.ru", "yandex.ru",
        "proton.me", "protonmail.com", "posteo.de", "mailbox.org", "orange.fr", "free.fr", "laposte.net", "libero.it", "bluewin.ch",
    };

    private readonly IDataProtector seal = protection.CreateProtector("Panel.Newsletters.Dkim");

    /// <summary>Adds the domain to the current unit of work if it is new; null, or why this member may not send from it.</summary>
    internal async Task<Refusal?> EnsureAsync(Actor by, Member member, string domain, CancellationToken ct)
    {
        if (Providers.Contains(domain))
        {
            return new Refusal($"{domain} belongs to a mail provider, and receivers refuse newsletters in its name. Use an address of a domain of your own.", "from");
        }

        var known = await db.Set<SenderDomain>().SingleOrDefaultAsync(d => d.Domain == domain, ct);
        if (known is not null && known.MemberId != member.Id)
        {
            return new Refusal($"{domain} is in use by another member.", "from");
        }

        var now = time.GetUtcNow().UtcDateTime;
        if (known is null)
        {
            using var rsa = RSA.Create(2048);
            known = new SenderDomain
            {
                MemberId = member.Id,
                Domain = domain,
                Selector = $"panel{now:yyyyMM}",
                SealedKey = seal.Protect(rsa.ExportPkcs8PrivateKey()),
                CreatedAt = now,
            };
            db.Add(known);
            audit.Add(by, member.Id, "sender-domain.add", domain);
        }

        if (by.IsAdmin && known.ApprovedAt is null)
        {
            known.ApprovedAt = now;
            audit.Add(by, member.Id, "sender-domain.approve", domain);
        }

        return null;
    }

    /// <summary>Lets a member send from a domain they named.</summary>
    public async Task<Outcome<Done>> ApproveAsync(Actor by, string handle, string domain, CancellationToken ct)
    {
        if (!by.IsAdmin || await members.ReachAsync(by, handle, ct) is not { } member ||
            !await db.Set<SenderDomain>().AnyAsync(d => d.MemberId == member.Id && d.Domain == domain, ct))
        {
            return new NotThere($"sender domain {domain}");
        }

        await EnsureAsync(by, member, domain, ct);
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    /// <summary>Every sender domain of the house for its admins, those that wait first.</summary>
    public async Task<Outcome<IReadOnlyList<ClaimedDomain>>> ClaimsAsync(Actor by, CancellationToken ct) => by.IsAdmin
        ? await db.Set<SenderDomain>().AsNoTracking().OrderBy(d => d.ApprovedAt != null).ThenBy(d => d.Domain)
            .Select(d => new ClaimedDomain(db.Users.Where(m => m.Id == d.MemberId).Select(m => m.UserName!).Single(), d.Domain, d.CreatedAt, d.ApprovedAt)).ToListAsync(ct)
        : new NotAllowed("Only an admin approves sender domains.");

    /// <summary>The member's domains with the DNS row each needs for its signature.</summary>
    public async Task<Outcome<IReadOnlyList<SenderDomainPage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var rows = await db.Set<SenderDomain>().AsNoTracking().Where(d => d.MemberId == member.Id).OrderBy(d => d.Domain).ToListAsync(ct);
        return rows.ConvertAll(d =>
        {
            var (name, value) = RowOf(d);
            return new SenderDomainPage(d.Domain, d.Selector, d.ApprovedAt, name, value) { CheckedAt = d.CheckedAt, RightAt = d.RightAt, Rows = SenderDomainChecks.Read(d.Rows) };
        });
    }

    /// <summary>The DNS row of the signature (RFC 6376 §3.6).</summary>
    internal (string Name, string Value) RowOf(SenderDomain domain)
    {
        using var rsa = Open(domain);
        return ($"{domain.Selector}._domainkey.{domain.Domain}", $"v=DKIM1; k=rsa; p={Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo())}");
    }

    /// <summary>The signing key of a domain; the caller disposes it.</summary>
    public RSA Open(SenderDomain domain)
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(seal.Unprotect(domain.SealedKey), out _);
        return rsa;
    }
}
