using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary><paramref name="Secret"/> and <paramref name="Address"/> (otpauth:) are there while it is being set up, and never after.</summary>
public sealed record TwoFactorPage(bool On, string? Secret, string? Address, int CodesLeft);

/// <summary>The second half of a sign-in by password: a code of the member's authenticator, or a recovery code. Each counts once.</summary>
public sealed class TwoFactor(
    PanelDb db, Members members, SignIns signIns, IDataProtectionProvider protection, HouseKeys keys, AuditTrail audit, IOptions<PanelOptions> options, TimeProvider time)
{
    private const int Codes = 10;
    private readonly IDataProtector sealing = protection.CreateProtector("totp");

    public async Task<Outcome<TwoFactorPage>> ShowAsync(Actor by, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        var left = await db.Set<RecoveryCode>().CountAsync(c => c.MemberId == me.Id && c.UsedAt == null, ct);
        if (me.TwoFactorEnabled || me.TotpSecret is null)
        {
            return new TwoFactorPage(me.TwoFactorEnabled, null, null, left);
        }

        var secret = Totp.Base32(sealing.Unprotect(Convert.FromBase64String(me.TotpSecret)));
        var house = Uri.EscapeDataString(options.Value.PublicUri.Host);
        return new TwoFactorPage(false, secret, $"otpauth://totp/{house}:{me.Handle}?secret={secret}&issuer={house}", left);
    }

    /// <summary>Makes a new secret to be scanned; nothing counts until <see cref="ConfirmAsync"/>.</summary>
    public async Task<Outcome<Done>> BeginAsync(Actor by, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        if (me.TwoFactorEnabled)
        {
            return new InTheWay("Two-factor sign-in is on already. Switch it off first to use another device.");
        }

        me.TotpSecret = Convert.ToBase64String(sealing.Protect(Totp.NewSecret()));
        me.TotpStep = null;
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    /// <summary>Switches it on when the first code is right, and returns the recovery codes, this once.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> ConfirmAsync(Actor by, string? code, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        if (me.TwoFactorEnabled || me.TotpSecret is null)
        {
            return new InTheWay("There is nothing to confirm. Begin again.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await TakeCodeAsync(me, Plain(code), ct))
        {
            return new Refusal("This code does not fit. Look at the newest one in your authenticator, and check the clock of your phone.", "code");
        }

        me.TwoFactorEnabled = true;
        audit.Add(by, me.Id, "two-factor.add", me.Handle);
        var codes = await MakeCodesAsync(me, ct);
        await transaction.CommitAsync(ct);
        return codes;
    }

    /// <summary>Switches it off; asks for the password, since an open browser alone must not be able to.</summary>
    public async Task<Outcome<Done>> EndAsync(Actor by, string? password, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        if (!await signIns.ProveAsync(me, password, ct))
        {
            return new Refusal("This is not your password.", "password");
        }

        await signIns.ForgiveAsync(me.Id, ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        audit.Add(by, me.Id, "two-factor.remove", me.Handle);
        await ForgetAsync(me, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    /// <summary>Completes a sign-in whose password was right: by which way, or why not. <paramref name="stamp"/> is the member's
    /// security stamp of that moment, so that a changed password ends what was half done.</summary>
    public async Task<Outcome<(Member Member, string Way)>> CheckAsync(long memberId, string stamp, string? code, CancellationToken ct)
    {
        var member = await db.Users.AsNoTracking().SingleOrDefaultAsync(m => m.Id == memberId && m.SecurityStamp == stamp && m.TwoFactorEnabled, ct);
        if (member is null)
        {
            return new NotThere("sign-in to complete");
        }

        var mayTry = await signIns.TakeTryAsync(member.Id, ct);
        var plain = Plain(code);
        var totp = plain.Length == 6 && plain.All(char.IsAsciiDigit);
        if (!mayTry || !(totp ? await TakeCodeAsync(member, plain, ct) : await TakeRecoveryAsync(member, plain, ct)))
        {
            await signIns.TellOfLockAsync(member, mayTry, ct);
            return new Refusal("This code does not fit, or it was used already. Each code counts once; after ten wrong tries the account waits five minutes.", "code");
        }

        await signIns.ForgiveAsync(member.Id, ct);
        return SignIns.WhyNot(member) is { } no ? no : (member, totp ? "password and code" : "password and recovery code");
    }

    /// <summary>Takes secret and codes away inside the caller's unit of work.</summary>
    internal async Task ForgetAsync(Member member, CancellationToken ct)
    {
        member.TwoFactorEnabled = false;
        member.TotpSecret = null;
        member.TotpStep = null;
        await db.Set<RecoveryCode>().Where(c => c.MemberId == member.Id).ExecuteDeleteAsync(ct);
    }

    private async Task<bool> TakeCodeAsync(Member member, string code, CancellationToken ct) =>
        member.TotpSecret is not null
        && Totp.StepOf(sealing.Unprotect(Convert.FromBase64String(member.TotpSecret)), code, time.GetUtcNow()) is { } step
        && await db.Users.Where(m => m.Id == member.Id && (m.TotpStep == null || m.TotpStep < step))
            .ExecuteUpdateAsync(set => set.SetProperty(m => m.TotpStep, step), ct) == 1;

    private async Task<bool> TakeRecoveryAsync(Member member, string code, CancellationToken ct)
    {
        var (hash, now) = (HashOf(member, code), time.GetUtcNow().UtcDateTime);
        return await db.Set<RecoveryCode>().Where(c => c.CodeHash == hash && c.MemberId == member.Id && c.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.UsedAt, now), ct) == 1;
    }

    private async Task<List<string>> MakeCodesAsync(Member member, CancellationToken ct)
    {
        await db.Set<RecoveryCode>().Where(c => c.MemberId == member.Id).ExecuteDeleteAsync(ct);
        var made = Enumerable.Range(0, Codes).Select(_ => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 10)).ToList();
        db.AddRange(made.Select(code => new RecoveryCode { MemberId = member.Id, CodeHash = HashOf(member, code) }));
        await db.SaveChangesAsync(ct);
        return made.ConvertAll(code => $"{code[..5]}-{code[5..]}");
    }

    private async Task<Member?> MeAsync(Actor by, CancellationToken ct) =>
        by is { MemberId: not null, Scopes: null } && await members.ReachAsync(by, by.Name, ct) is { } me && me.Id == by.MemberId ? me : null;

    private string HashOf(Member member, string code) => keys.Hash("recovery-code", $"{member.Id} {code}");

    private static string Plain(string? code)
    {
        var plain = new StringBuilder();
        foreach (var letter in (code ?? "").Where(char.IsAsciiLetterOrDigit).Take(40))
        {
            plain.Append(char.ToLowerInvariant(letter));
        }

        return plain.ToString();
    }

    private static NotAllowed OwnOnly { get; } = new("Only members themselves set up how they sign in, on the web page.");
}
