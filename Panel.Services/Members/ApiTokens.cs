using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

public sealed record NewToken(string Name, IReadOnlyList<string> Scopes, int Days);

/// <summary><paramref name="Token"/> is shown this once.</summary>
public sealed record TokenAdded(long Id, string Token, DateTime ExpiresAt);

public sealed record TokenPage(long Id, string Name, IReadOnlyList<string> Scopes, DateTime CreatedAt, DateTime ExpiresAt, DateTime? RevokedAt);

/// <summary>API tokens of a member: 256 bits of chance, at most a year, only within the scopes named.</summary>
public sealed class ApiTokens(PanelDb db, Members members, HouseKeys keys, AuditTrail audit, TimeProvider time)
{
    public const string Prefix = "panel_";

    /// <summary>Every scope there is. <c>x:write</c> includes <c>x:read</c>.</summary>
    public static readonly IReadOnlyList<string> Known =
    [
        .. from area in new[] { "account", "sites", "finger", "lists", "admin" }
           from right in new[] { "read", "write" }
           select $"{area}:{right}",
    ];

    public async Task<Outcome<TokenAdded>> AddAsync(Actor by, string handle, NewToken wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (by.MemberId != member.Id && by.Door != Door.Cli)
        {
            return new NotAllowed("Only members themselves make tokens that speak for them.");
        }

        if (by.Scopes is not null)
        {
            return new NotAllowed("A token cannot make another token. Sign in on the web page.");
        }

        if (string.IsNullOrWhiteSpace(wanted.Name) || wanted.Name.Length > 60 || wanted.Name.Any(char.IsControl))
        {
            return new Refusal("Give the token a name of 1 to 60 characters, so that you know it again.", "name");
        }

        if (wanted.Scopes.Count == 0 || wanted.Scopes.FirstOrDefault(s => !Known.Contains(s)) is not null)
        {
            return new Refusal($"Choose at least one scope of: {string.Join(", ", Known)}.", "scopes");
        }

        if (wanted.Days is < 1 or > 366)
        {
            return new Refusal("A token lives between 1 and 366 days.", "days");
        }

        var token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow().UtcDateTime;
        var row = new ApiToken
        {
            MemberId = member.Id,
            Name = wanted.Name.Trim(),
            TokenHash = HashOf(token),
            Scopes = string.Join(' ', wanted.Scopes.Distinct()),
            CreatedAt = now,
            ExpiresAt = now.AddDays(wanted.Days),
        };
        db.Add(row);
        audit.Add(by, member.Id, "token.add", row.Name, ("scopes", null, row.Scopes));
        await db.SaveChangesAsync(ct);
        return new TokenAdded(row.Id, token, row.ExpiresAt);
    }

    public async Task<Outcome<IReadOnlyList<TokenPage>>> ListAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        var rows = await db.Set<ApiToken>().AsNoTracking().Where(t => t.MemberId == member.Id).OrderByDescending(t => t.Id).ToListAsync(ct);
        return rows.ConvertAll(t => new TokenPage(t.Id, t.Name, t.Scopes.Split(' '), t.CreatedAt, t.ExpiresAt, t.RevokedAt));
    }

    public async Task<Outcome<Done>> RevokeAsync(Actor by, string handle, long id, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member ||
            await db.Set<ApiToken>().SingleOrDefaultAsync(t => t.Id == id && t.MemberId == member.Id, ct) is not { } token)
        {
            return new NotThere($"token {id}");
        }

        if (token.RevokedAt is null)
        {
            token.RevokedAt = time.GetUtcNow().UtcDateTime;
            audit.Add(by, member.Id, "token.revoke", token.Name);
            await db.SaveChangesAsync(ct);
        }

        return Done.It;
    }

    /// <summary>Who a presented token speaks for, or null when it is unknown, expired, revoked or its owner is not active.</summary>
    public async Task<(Member Member, IReadOnlySet<string> Scopes)?> VerifyAsync(string token, CancellationToken ct)
    {
        if (!token.StartsWith(Prefix, StringComparison.Ordinal) || token.Length > 100)
        {
            return null;
        }

        var hash = HashOf(token);
        var now = time.GetUtcNow().UtcDateTime;
        var row = await db.Set<ApiToken>().AsNoTracking().SingleOrDefaultAsync(t => t.TokenHash == hash && t.RevokedAt == null && t.ExpiresAt > now, ct);
        var member = row is null ? null : await db.Users.AsNoTracking().SingleAsync(m => m.Id == row.MemberId, ct);
        return member is { IsActive: true } ? (member, row!.Scopes.Split(' ').ToHashSet(StringComparer.Ordinal)) : null;
    }

    private string HashOf(string token) => keys.Hash("api-token", token);
}
