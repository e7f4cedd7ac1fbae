using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

public sealed record Profile(string? Name, string? Email);

/// <summary>What members change about themselves: name, e-mail address, password.</summary>
public sealed class Profiles(PanelDb db, Members members, SignIns signIns, Sessions sessions, UserManager<Member> users, AuditTrail audit)
{
    /// <summary>Name and address. Another address asks for the password, because links to come in may be sent there.</summary>
    public async Task<Outcome<MemberPage>> ChangeAsync(Actor by, string handle, Profile wanted, string? password, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var (name, email) = (wanted.Name?.Trim() ?? "", wanted.Email?.Trim());
        if ((Members.CheckName(name) ?? Members.CheckEmail(email)) is { } wrong)
        {
            return wrong;
        }

        if (email != member.Email && by.MemberId == member.Id && !await ProvenAsync(member, password, ct))
        {
            return new Refusal("Another e-mail address needs your password.", "password");
        }

        if (name != member.Name || email != member.Email)
        {
            audit.Add(by, member.Id, "member.change", member.Handle, ("name", member.Name, name), ("email", member.Email, email));
            (member.Name, member.Email, member.NormalizedEmail) = (name, email, users.NormalizeEmail(email));
            await db.SaveChangesAsync(ct);
        }

        return await members.ShowAsync(by, handle, ct);
    }

    /// <summary>Sets a new password and ends every other session; <paramref name="key"/> is the session that stays.</summary>
    public async Task<Outcome<Done>> ChangePasswordAsync(Actor by, string? current, string? wanted, string? key, CancellationToken ct)
    {
        if (by is not { MemberId: { } id, Scopes: null } || await db.Users.SingleOrDefaultAsync(m => m.Id == id, ct) is not { } me)
        {
            return new NotAllowed("Only members themselves change their password, on the web page.");
        }

        if (Passwords.Check(wanted, "wanted") is { } weak)
        {
            return weak;
        }

        if (!await ProvenAsync(me, current, ct))
        {
            return new Refusal("This is not your password.", "current");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        me.PasswordHash = users.PasswordHasher.HashPassword(me, wanted!);
        me.SecurityStamp = Guid.NewGuid().ToString("N");
        audit.Add(by, me.Id, "password.change", me.Handle);
        await sessions.EndAllAsync(me, key, ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    private async Task<bool> ProvenAsync(Member member, string? password, CancellationToken ct)
    {
        var right = await signIns.ProveAsync(member, password, ct);
        if (right)
        {
            await signIns.ForgiveAsync(member.Id, ct);
        }

        return right;
    }
}
