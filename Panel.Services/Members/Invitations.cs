using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>Makes and finds one-time links. A newer link for the same account takes the older one's place.</summary>
public sealed class Invitations(PanelDb db, HouseKeys keys, TimeProvider time, IOptions<PanelOptions> options)
{
    /// <summary>As <see cref="Make"/>, and every open link for the same account ends at once.</summary>
    public async Task<Uri> MakeNewerAsync(long? memberId, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await db.Set<Invitation>().Where(i => i.MemberId == memberId && i.UsedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.ExpiresAt, now), ct);
        return Make(memberId);
    }

    /// <summary>Adds the first link for an account to the current unit of work; it exists once the caller has saved. 128 bits of chance.</summary>
    public Uri Make(long? memberId)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        var now = time.GetUtcNow().UtcDateTime;
        db.Add(new Invitation { MemberId = memberId, TokenHash = HashOf(token), CreatedAt = now, ExpiresAt = now + Invitation.Life });
        return new Uri(options.Value.PublicUri, $"/welcome/{token}");
    }

    /// <summary>The open invitation behind a token, or null when it is unknown, used or expired. The link for the first admin
    /// is closed as soon as there is one.</summary>
    public async Task<Invitation?> FindAsync(string token, CancellationToken ct)
    {
        var hash = HashOf(token);
        var now = time.GetUtcNow().UtcDateTime;
        var found = await db.Set<Invitation>().AsNoTracking().SingleOrDefaultAsync(i => i.TokenHash == hash && i.UsedAt == null && i.ExpiresAt > now, ct);
        return found is { MemberId: null } && await HasAdminAsync(ct) ? null : found;
    }

    /// <summary>Marks the invitation as used inside the caller's transaction; false when somebody else was first.</summary>
    public async Task<bool> UseAsync(Invitation invitation, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return await db.Set<Invitation>().Where(i => i.Id == invitation.Id && i.UsedAt == null && i.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.UsedAt, now), ct) == 1;
    }

    /// <summary>A fresh link for the first admin, or null when there is an admin already.</summary>
    public async Task<Outcome<SetupLink>> FirstAdminAsync(Actor by, CancellationToken ct)
    {
        if (by.Door != Door.Cli || !by.IsAdmin)
        {
            return new NotAllowed("Only the operator on the machine itself may ask for the set-up link.");
        }

        if (await HasAdminAsync(ct))
        {
            return new SetupLink(null);
        }

        var url = await MakeNewerAsync(null, ct);
        await db.SaveChangesAsync(ct);
        return new SetupLink(url);
    }

    private Task<bool> HasAdminAsync(CancellationToken ct) =>
        db.Users.AnyAsync(m => m.AdminAt != null && m.JoinedAt != null && m.RemovedAt == null, ct);

    private string HashOf(string token) => keys.Hash("invitation", token);
}

/// <summary>The address that makes the first admin; null when an admin exists.</summary>
public sealed record SetupLink(Uri? Url);
