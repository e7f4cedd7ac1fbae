using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

public sealed record PasskeyPage(string Id, string Name, DateTime CreatedAt);

/// <summary>The passkeys of a member. What the browser sent was checked by the WebAuthn handler before it comes here.</summary>
public sealed class Passkeys(PanelDb db, UserManager<Member> users, AuditTrail audit)
{
    private const int Most = 20;

    public async Task<Outcome<IReadOnlyList<PasskeyPage>>> ListAsync(Actor by, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        var all = await users.GetPasskeysAsync(me);
        return all.OrderBy(p => p.CreatedAt).Select(p => new PasskeyPage(Convert.ToHexStringLower(p.CredentialId), p.Name ?? "Passkey", p.CreatedAt.UtcDateTime)).ToList();
    }

    public async Task<Outcome<Done>> AddAsync(Actor by, UserPasskeyInfo passkey, string? name, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        if ((await users.GetPasskeysAsync(me)).Count >= Most)
        {
            return new InTheWay($"An account has at most {Most} passkeys. Remove one that you do not use.");
        }

        if (Members.CheckName(name) is { } wrong)
        {
            return wrong;
        }

        passkey.Name = string.IsNullOrWhiteSpace(name) ? "Passkey" : name.Trim();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        audit.Add(by, me.Id, "passkey.add", passkey.Name);
        await ThrowUnlessAsync(users.AddOrUpdatePasskeyAsync(me, passkey));
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    public async Task<Outcome<Done>> RemoveAsync(Actor by, string id, CancellationToken ct)
    {
        if (await MeAsync(by, ct) is not { } me)
        {
            return OwnOnly;
        }

        var passkey = (await users.GetPasskeysAsync(me)).SingleOrDefault(p => Convert.ToHexStringLower(p.CredentialId) == id);
        if (passkey is null)
        {
            return new NotThere("such passkey");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        audit.Add(by, me.Id, "passkey.remove", passkey.Name ?? "Passkey");
        await ThrowUnlessAsync(users.RemovePasskeyAsync(me, passkey.CredentialId));
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    /// <summary>The member whose passkey was proven, if they may come in; keeps its signature counter (WebAuthn §6.1.1).</summary>
    public async Task<Outcome<Member>> AcceptAsync(Member proven, UserPasskeyInfo passkey, CancellationToken ct)
    {
        var member = await db.Users.SingleAsync(m => m.Id == proven.Id, ct);
        if (SignIns.WhyNot(member) is { } no)
        {
            return no;
        }

        await ThrowUnlessAsync(users.AddOrUpdatePasskeyAsync(member, passkey));
        return member;
    }

    private async Task<Member?> MeAsync(Actor by, CancellationToken ct) =>
        by is { MemberId: { } id, Scopes: null } ? await db.Users.SingleOrDefaultAsync(m => m.Id == id, ct) : null;

    private static async Task ThrowUnlessAsync(Task<IdentityResult> changing)
    {
        var changed = await changing;
        if (!changed.Succeeded)
        {
            throw new InvalidOperationException(changed.Errors.First().Description);
        }
    }

    private static NotAllowed OwnOnly { get; } = new("Only members themselves set up how they sign in, on the web page.");
}
