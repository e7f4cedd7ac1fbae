using System.Net.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

public sealed record NewMember(string Handle, string Email, string? Name = null, bool Admin = false, string? Package = null, string? Host = null);

/// <summary>Inviting a member never depends on mail: <paramref name="InviteUrl"/> can be handed over by any means.</summary>
public sealed record MemberAdded(long Id, string Handle, Uri InviteUrl);

public sealed record MemberPage(
    long Id, string Handle, string Name, string Email, string State, bool Admin, string Package, DateTime CreatedAt, DateTime? SuspendedAt, DateTime? RemovedAt);

/// <summary>The members of the house. Admins and the operator see all of them, a member only themselves.</summary>
public sealed class Members(
    PanelDb db, UserManager<Member> users, Invitations invitations, AuditTrail audit, IEnumerable<IMemberFollower> followers, TimeProvider time)
{
    /// <summary>The member behind <paramref name="handle"/> if <paramref name="by"/> may act for them, else null (shown as 404).</summary>
    public async Task<Member?> ReachAsync(Actor by, string handle, CancellationToken ct) =>
        await db.Users.SingleOrDefaultAsync(m => m.UserName == handle && (by.IsAdmin || m.Id == by.MemberId), ct);

    public async Task<Outcome<MemberAdded>> AddAsync(Actor by, NewMember wanted, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin adds members.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var made = await CreateAsync(by, wanted, ct);
        if (made.Refused is { } no)
        {
            return no;
        }

        var link = invitations.Make(made.Value!.Id);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return new MemberAdded(made.Value.Id, made.Value.Handle, link);
    }

    /// <summary>Checks and makes the member inside the caller's transaction, with audit; whoever calls it has checked the right.</summary>
    internal async Task<Outcome<Member>> CreateAsync(Actor by, NewMember wanted, CancellationToken ct)
    {
        if (Handles.Check(wanted.Handle) is { } no)
        {
            return no;
        }

        if ((CheckEmail(wanted.Email) ?? CheckName(wanted.Name)) is { } wrong)
        {
            return wrong;
        }

        var packageName = wanted.Package ?? Package.Standard;
        var package = await db.Set<Package>().SingleOrDefaultAsync(p => p.Name == packageName, ct);
        if (package is null)
        {
            return new Refusal($"There is no package {packageName}.", "package");
        }

        foreach (var follower in followers)
        {
            if (await follower.CheckAsync(wanted, ct) is { } not)
            {
                return not;
            }
        }

        var now = time.GetUtcNow().UtcDateTime;
        var member = new Member
        {
            UserName = wanted.Handle,
            Email = wanted.Email.Trim(),
            Name = wanted.Name?.Trim() ?? "",
            PackageId = package.Id,
            CreatedAt = now,
            LockoutEnabled = true,
            WantedHost = wanted.Host is { Length: > 0 } host ? host : null,
        };
        if (wanted.Admin)
        {
            member.MakeAdmin(now);
        }

        var made = await users.CreateAsync(member);
        if (!made.Succeeded)
        {
            var why = made.Errors.First();
            return new Refusal(why.Code == nameof(IdentityErrorDescriber.DuplicateUserName) ? $"The handle {wanted.Handle} is taken. Handles are never given twice." : why.Description, "handle");
        }

        audit.Add(by, member.Id, "member.add", member.Handle, ("email", null, member.Email), ("name", null, member.Name), ("admin", null, wanted.Admin ? "yes" : "no"), ("package", null, package.Name));
        await SaveAsync(member, ct);
        return member;
    }

    public async Task<IReadOnlyList<MemberPage>> ListAsync(Actor by, CancellationToken ct) =>
        [.. (await Pages(by).ToListAsync(ct)).OrderBy(p => p.Handle, StringComparer.Ordinal)];

    public async Task<Outcome<MemberPage>> ShowAsync(Actor by, string handle, CancellationToken ct) =>
        await Pages(by, handle).SingleOrDefaultAsync(ct) is { } page ? page : new NotThere($"member {handle}");

    /// <summary>A fresh invitation link for a member who has not joined yet, or who lost every way to sign in.</summary>
    public async Task<Outcome<MemberAdded>> InviteAgainAsync(Actor by, string handle, CancellationToken ct)
    {
        if (!by.IsAdmin || await ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var link = await invitations.MakeNewerAsync(member.Id, ct);
        audit.Add(by, member.Id, "member.invite", member.Handle);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return new MemberAdded(member.Id, member.Handle, link);
    }

    /// <summary>Stops site, SFTP, sessions, tokens, lists and finger together; <see cref="ResumeAsync"/> brings all of it back.</summary>
    public Task<Outcome<MemberPage>> SuspendAsync(Actor by, string handle, CancellationToken ct) =>
        ChangeAsync(by, handle, "member.suspend", m => m.Suspend(time.GetUtcNow().UtcDateTime), ct);

    public Task<Outcome<MemberPage>> ResumeAsync(Actor by, string handle, CancellationToken ct) =>
        ChangeAsync(by, handle, "member.resume", m => m.Resume(), ct);

    /// <summary>Takes the account out of service; the files stay on the host for 30 days, handle and uid stay taken for ever.</summary>
    public Task<Outcome<MemberPage>> RemoveAsync(Actor by, string handle, CancellationToken ct) =>
        ChangeAsync(by, handle, "member.remove", m => m.Remove(time.GetUtcNow().UtcDateTime), ct);

    /// <summary>Gives a member another package. What is over its limits stays; it only stops more.</summary>
    public async Task<Outcome<MemberPage>> ChangePackageAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await db.Set<Package>().SingleOrDefaultAsync(p => p.Name == name, ct) is not { } package)
        {
            return new Refusal($"There is no package {name}.", "package");
        }

        if (!by.IsAdmin || await ReachAsync(by, handle, ct) is not { RemovedAt: null } member)
        {
            return by.IsAdmin ? new NotThere($"member {handle}") : new NotAllowed("Only an admin gives packages.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var before = await db.Set<Package>().Where(p => p.Id == member.PackageId).Select(p => p.Name).SingleAsync(ct);
        if (before != name)
        {
            member.PackageId = package.Id;
            audit.Add(by, member.Id, "member.change", member.Handle, ("package", before, name));
            await SaveAsync(member, ct);
            await transaction.CommitAsync(ct);
        }

        return await ShowAsync(by, handle, ct);
    }

    private async Task<Outcome<MemberPage>> ChangeAsync(Actor by, string handle, string action, Action<Member> change, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin changes the state of a member.");
        }

        if (await ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed. Handles are never given twice.");
        }

        if (by.MemberId == member.Id)
        {
            return new InTheWay("You cannot do this to your own account: another admin must.");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var before = member.Status;
        change(member);
        if (member.Status != before)
        {
            audit.Add(by, member.Id, action, member.Handle, ("state", before, member.Status));
            member.SecurityStamp = Guid.NewGuid().ToString("N");
            await SaveAsync(member, ct);
            await transaction.CommitAsync(ct);
        }

        return await ShowAsync(by, handle, ct);
    }

    private async Task SaveAsync(Member member, CancellationToken ct)
    {
        foreach (var follower in followers)
        {
            await follower.ChangedAsync(member, ct);
        }

        await db.SaveChangesAsync(ct);
    }

    private IQueryable<MemberPage> Pages(Actor by, string? handle = null) =>
        db.Users.AsNoTracking().Where(m => (by.IsAdmin || m.Id == by.MemberId) && (handle == null || m.UserName == handle))
            .Join(db.Set<Package>(), m => m.PackageId, p => p.Id, (m, p) => new MemberPage(
                m.Id, m.UserName!, m.Name, m.Email!,
                m.RemovedAt != null ? "removed" : m.SuspendedAt != null ? "suspended" : m.JoinedAt == null ? "invited" : "active",
                m.AdminAt != null, p.Name, m.CreatedAt, m.SuspendedAt, m.RemovedAt));

    internal static Refusal? CheckName(string? name) =>
        name is null || (name.Length <= 100 && !name.Any(char.IsControl)) ? null : new Refusal("A name has at most 100 characters, all on one line.", "name");

    internal static Refusal? CheckEmail(string? email) =>
        MailAddress.TryCreate(email, out var address) && address.Address == email.Trim() && email.Length <= 254 && !email.Any(char.IsControl)
            ? null
            : new Refusal("An e-mail address is needed, like ann@example.org.", "email");
}
