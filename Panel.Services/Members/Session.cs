using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>One signed-in browser of a member; the cookie carries its key, this row decides whether it still counts.</summary>
public sealed class Session
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string KeyHash { get; init; }

    public required string Browser { get; init; }

    /// <summary>How the member signed in: passkey, password, or recovery code.</summary>
    public required string Way { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime SeenAt { get; set; }

    public DateTime? EndedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Session>
    {
        public void Configure(EntityTypeBuilder<Session> builder) => builder.ToTable("sessions");
    }
}

public sealed record SessionPage(long Id, string Browser, string Way, DateTime CreatedAt, DateTime SeenAt, DateTime? EndedAt, bool Here = false);

/// <summary>Sessions of a member: listed, revocable one by one, ended together on suspension or a new password.</summary>
public sealed class Sessions(PanelDb db, Members members, HouseKeys keys, AuditTrail audit, TimeProvider time)
{
    /// <summary>Writing "last seen" at every request would make each page a write.</summary>
    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(5);

    public async Task StartAsync(Member member, string key, string browser, string way, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        db.Add(new Session
        {
            MemberId = member.Id,
            KeyHash = keys.Hash("session", key),
            Browser = browser.Length > 200 ? browser[..200] : browser,
            Way = way,
            CreatedAt = now,
            SeenAt = now,
        });
        audit.Add(Actor.Member(member.Id, member.Handle, member.IsAdmin, Door.Web), member.Id, "session.start", member.Handle, ("way", null, way));
        await db.SaveChangesAsync(ct);
    }

    /// <summary>The member of a live session, or null when it was ended or the member is not active.</summary>
    public async Task<Member?> CheckAsync(string key, CancellationToken ct)
    {
        var hash = keys.Hash("session", key);
        var session = await db.Set<Session>().SingleOrDefaultAsync(s => s.KeyHash == hash && s.EndedAt == null, ct);
        var member = session is null ? null : await db.Users.AsNoTracking().SingleAsync(m => m.Id == session.MemberId, ct);
        if (member is not { IsActive: true })
        {
            return null;
        }

        var now = time.GetUtcNow().UtcDateTime;
        if (now - session!.SeenAt > SeenStep)
        {
            await db.Set<Session>().Where(s => s.Id == session.Id).ExecuteUpdateAsync(set => set.SetProperty(s => s.SeenAt, now), ct);
        }

        return member;
    }

    /// <summary>The newest 50; <paramref name="key"/> is the asker's own, to mark the session they are in.</summary>
    public async Task<Outcome<IReadOnlyList<SessionPage>>> ListAsync(Actor by, string handle, string? key, CancellationToken ct)
    {
        var own = key is null ? null : keys.Hash("session", key);
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        return await db.Set<Session>().AsNoTracking().Where(s => s.MemberId == member.Id).OrderByDescending(s => s.Id).Take(50)
            .Select(s => new SessionPage(s.Id, s.Browser, s.Way, s.CreatedAt, s.SeenAt, s.EndedAt, s.KeyHash == own)).ToListAsync(ct);
    }

    public async Task<Outcome<Done>> EndAsync(Actor by, string handle, long id, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<Session>().SingleOrDefaultAsync(s => s.Id == id && s.MemberId == member.Id, ct) is not { } session)
        {
            return new NotThere($"session {id}");
        }

        if (session.EndedAt is null)
        {
            session.EndedAt = time.GetUtcNow().UtcDateTime;
            audit.Add(by, member.Id, "session.end", member.Handle);
            await db.SaveChangesAsync(ct);
        }

        return Done.It;
    }

    /// <summary>Ends every session of a member inside the caller's unit of work, but for the one whose key is given.</summary>
    internal async Task EndAllAsync(Member member, string? except, CancellationToken ct)
    {
        var (kept, now) = (except is null ? null : keys.Hash("session", except), time.GetUtcNow().UtcDateTime);
        await db.Set<Session>().Where(s => s.MemberId == member.Id && s.EndedAt == null && s.KeyHash != kept)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), ct);
    }

    /// <summary>Ends the session of a cookie at sign-out.</summary>
    public async Task EndAsync(string key, CancellationToken ct)
    {
        var (hash, now) = (keys.Hash("session", key), time.GetUtcNow().UtcDateTime);
        await db.Set<Session>().Where(s => s.KeyHash == hash && s.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, now), ct);
    }
}
