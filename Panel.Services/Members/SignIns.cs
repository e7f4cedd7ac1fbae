using System.Linq.Expressions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>Who somebody is. Unknown, wrong, locked and not yet joined get the same answer after the same work, so that
/// nobody learns who lives here; only the right password is told of a suspension.</summary>
public sealed class SignIns(PanelDb db, IPasswordHasher<Member> hasher, AuditTrail audit, TimeProvider time)
{
    /// <summary>Tries before an account waits; counted before the password is looked at, so that many at once gain nothing.</summary>
    public const int Tries = 10;

    public static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    private static readonly Refusal No = new("Handle and password do not belong together. After ten wrong tries an account waits five minutes.");

    private static string? decoy;

    /// <summary>The member behind a handle or e-mail address and the right password. Where two-factor is on, this is only half.</summary>
    public async Task<Outcome<Member>> CheckAsync(string? login, string? password, CancellationToken ct)
    {
        var member = await FindAsync(login?.Trim() ?? "", ct);
        if (!await ProveAsync(member, password, ct))
        {
            return No;
        }

        if (!member!.TwoFactorEnabled)
        {
            await ForgiveAsync(member.Id, ct);
        }

        return WhyNot(member) is { } no ? no : member;
    }

    /// <summary>Whether <paramref name="password"/> is the member's, at the price of one try. The same work for nobody.</summary>
    internal async Task<bool> ProveAsync(Member? member, string? password, CancellationToken ct)
    {
        var mayTry = await TakeTryAsync(member?.Id ?? 0, ct);
        var hash = member?.PasswordHash ?? (decoy ??= hasher.HashPassword(Nobody, Guid.NewGuid().ToString()));
        var given = password is { Length: <= Passwords.Longest } ? password : "";
        var right = hasher.VerifyHashedPassword(member ?? Nobody, hash, given) != PasswordVerificationResult.Failed;
        if (right && mayTry && member?.PasswordHash is not null)
        {
            return true;
        }

        await TellOfLockAsync(member, mayTry, ct);
        return false;
    }

    /// <summary>Why a member who proved who they are may still not come in.</summary>
    public static Refusal? WhyNot(Member member) => member switch
    {
        { RemovedAt: not null } => new InTheWay("This account was removed. If that surprises you, talk to an admin of the house."),
        { SuspendedAt: not null } => new InTheWay("This account is suspended: nothing is lost, but nothing runs. Talk to an admin of the house."),
        _ => null,
    };

    internal async Task TellOfLockAsync(Member? member, bool tried, CancellationToken ct)
    {
        if (member is not null && tried && member.AccessFailedCount + 1 >= Tries)
        {
            audit.Add(Actor.Public, member.Id, "member.lock", member.Handle, ("tries", null, $"{Tries} wrong"));
            await db.SaveChangesAsync(ct);
        }
    }

    /// <summary>Forgets the tries that went before.</summary>
    internal Task ForgiveAsync(long id, CancellationToken ct) =>
        db.Users.Where(m => m.Id == id).ExecuteUpdateAsync(set => set.SetProperty(m => m.AccessFailedCount, 0).SetProperty(m => m.LockoutEnd, (DateTimeOffset?)null), ct);

    /// <summary>Uses one try up; false while the account waits. Also run for nobody (id 0), for the same work.</summary>
    internal async Task<bool> TakeTryAsync(long id, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        DateTimeOffset? until = now + Wait;
        return await db.Users.Where(m => m.Id == id && (m.LockoutEnd == null || m.LockoutEnd <= now)).ExecuteUpdateAsync(
            set => set
                .SetProperty(m => m.LockoutEnd, m => m.AccessFailedCount + 1 >= Tries ? until : null)
                .SetProperty(m => m.AccessFailedCount, m => m.AccessFailedCount + 1 >= Tries ? 0 : m.AccessFailedCount + 1),
            ct) == 1;
    }

    /// <summary>By handle, or by an e-mail address that only one member has.</summary>
    private async Task<Member?> FindAsync(string login, CancellationToken ct)
    {
        var upper = login.ToUpperInvariant();
        Expression<Func<Member, bool>> named = login.Contains('@', StringComparison.Ordinal)
            ? m => m.NormalizedEmail == upper && m.RemovedAt == null
            : m => m.NormalizedUserName == upper;
        var found = await db.Users.AsNoTracking().Where(named).Take(2).ToListAsync(ct);
        return found is [var only] ? only : null;
    }

    private static Member Nobody { get; } = new() { UserName = "nobody" };
}
