using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>What a one-time link opens. <paramref name="Handle"/> is null when it makes the first admin; <paramref name="Again"/>
/// when the member had joined before and starts anew.</summary>
public sealed record InvitationPage(string? Handle, string? Name, string? Email, bool Again);

/// <summary>Handle and e-mail count only where the link makes the first admin.</summary>
public sealed record Acceptance(string? Password, string? Name, string? Handle = null, string? Email = null);

/// <summary>Turns a one-time link into a member who can sign in: once, in one transaction with its audit entry. Looking at a
/// link changes nothing, so a mail scanner uses none up.</summary>
public sealed class AcceptInvitation(
    PanelDb db, Members members, Invitations invitations, Sessions sessions, TwoFactor ways, UserManager<Member> users, AuditTrail audit, TimeProvider time)
{
    public async Task<Outcome<InvitationPage>> ShowAsync(string token, CancellationToken ct)
    {
        if (await invitations.FindAsync(token, ct) is not { } invitation)
        {
            return Closed;
        }

        if (invitation.MemberId is null)
        {
            return new InvitationPage(null, null, null, false);
        }

        var member = await db.Users.AsNoTracking().SingleAsync(m => m.Id == invitation.MemberId, ct);
        return member.IsActive ? new InvitationPage(member.Handle, member.Name, member.Email, member.JoinedAt is not null) : Closed;
    }

    public async Task<Outcome<Member>> AcceptAsync(string token, Acceptance given, CancellationToken ct)
    {
        if (await invitations.FindAsync(token, ct) is not { } invitation)
        {
            return Closed;
        }

        if ((Members.CheckName(given.Name) ?? Passwords.Check(given.Password)) is { } wrong)
        {
            return wrong;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await invitations.UseAsync(invitation, ct))
        {
            return Closed;
        }

        var found = invitation.MemberId is { } id
            ? await db.Users.SingleAsync(m => m.Id == id, ct)
            : await members.CreateAsync(FirstAdmin, new NewMember(given.Handle ?? "", given.Email ?? "", given.Name, Admin: true), ct);
        if (found.Refused is { } no)
        {
            return no;
        }

        var member = found.Value!;
        if (!member.IsActive)
        {
            return Closed;
        }

        await OpenAsync(member, given, ct);
        await transaction.CommitAsync(ct);
        return member;
    }

    private async Task OpenAsync(Member member, Acceptance given, CancellationToken ct)
    {
        var by = Actor.Member(member.Id, member.Handle, member.IsAdmin, Door.Web);
        var name = given.Name?.Trim() ?? member.Name;
        if (member.JoinedAt is null)
        {
            audit.Add(by, member.Id, "member.join", member.Handle, ("name", member.Name, name));
        }
        else
        {
            // Somebody who lost every way in starts anew, and whatever was lost opens nothing any more.
            audit.Add(by, member.Id, "member.recover", member.Handle, ("name", member.Name, name));
            await sessions.EndAllAsync(member, except: null, ct);
            await ways.ForgetAsync(member, ct);
            await db.Set<IdentityUserPasskey<long>>().Where(p => p.UserId == member.Id).ExecuteDeleteAsync(ct);
            var now = time.GetUtcNow().UtcDateTime;
            await db.Set<ApiToken>().Where(t => t.MemberId == member.Id && t.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(t => t.RevokedAt, now), ct);
        }

        member.Name = name;
        member.Join(time.GetUtcNow().UtcDateTime);
        member.PasswordHash = users.PasswordHasher.HashPassword(member, given.Password!);
        member.SecurityStamp = Guid.NewGuid().ToString("N");
        member.AccessFailedCount = 0;
        member.LockoutEnd = null;
        await db.SaveChangesAsync(ct);
    }

    /// <summary>Whoever holds the first link was given it by the operator; there is nobody else yet.</summary>
    private static Actor FirstAdmin { get; } = new(null, "set-up link", true, Door.Web);

    private static NotThere Closed { get; } = new("open invitation behind this link: it was used, replaced or is older than seven days");
}
