using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>The password of one repository, sealed.</summary>
public sealed class BackupSecret
{
    public long MemberId { get; init; }

    /// <summary>Nonce, tag and ciphertext of AES-256-GCM in base64url; the handle is its associated data.</summary>
    public required string Sealed { get; init; }

    public DateTime MadeAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<BackupSecret>
    {
        public void Configure(EntityTypeBuilder<BackupSecret> builder)
        {
            builder.ToTable("backup_secrets");
            builder.HasKey(s => s.MemberId);
            builder.Property(s => s.MemberId).ValueGeneratedNever();
        }
    }
}

/// <summary>Whether an admin has the key, and who took it when.</summary>
public sealed record BackupKeyState(DateTime? DownloadedAt, string? DownloadedBy);

/// <summary>Each repository has a random password, kept sealed by one key of the house. The sealed password lies beside its repository too, so
/// that the key alone, which an admin downloads and keeps elsewhere, opens every backup when Panel's machine is gone.</summary>
public sealed class BackupKeys(PanelDb db, HouseKeys keys, AuditTrail audit, TimeProvider time)
{
    private const int NonceLength = 12, TagLength = 16;

    public async Task<Outcome<BackupKeyState>> StateAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin has the key of the backups.");
        }

        var said = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.BackupKey).Select(s => s.Value).SingleOrDefaultAsync(ct);
        return said?.Split(' ', 2) is [var at, var who] ? new BackupKeyState(DateTime.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind), who) : new BackupKeyState(null, null);
    }

    /// <summary>The key with the sealed passwords of now, as a text that explains itself; remembers who took it.</summary>
    public async Task<Outcome<string>> DownloadAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin has the key of the backups.");
        }

        var now = time.GetUtcNow().UtcDateTime;
        var rows = await db.Set<BackupSecret>().AsNoTracking().Join(db.Users, s => s.MemberId, m => m.Id, (s, m) => new { m.UserName, s.Sealed }).ToListAsync(ct);
        var setting = await db.Set<HouseSetting>().SingleOrDefaultAsync(s => s.Name == HouseSetting.BackupKey, ct);
        if (setting is null)
        {
            db.Add(setting = new HouseSetting { Name = HouseSetting.BackupKey, Value = "" });
        }

        setting.Value = $"{now:O} {by.Name}";
        audit.Add(by, null, "backup.key", "downloaded");
        await db.SaveChangesAsync(ct);
        return $"""
            The key of the backups of this house, {now:yyyy-MM-dd HH:mm} UTC. Keep it where the backups are not.

            KEY {Base64Url.EncodeToString(Key)}

            Each line below, and each file HANDLE.key beside a repository, is a password sealed by this key: base64url of 12 bytes of nonce,
            16 bytes of tag and the ciphertext of AES-256-GCM, with the handle as associated data. With it: restic -r REPOSITORY restore latest --target DIRECTORY

            {string.Join('\n', rows.OrderBy(r => r.UserName, StringComparer.Ordinal).Select(r => $"{r.UserName} {r.Sealed}"))}

            """;
    }

    /// <summary>Opens a sealed password with the key from a download.</summary>
    public static string Open(byte[] key, string handle, string sealedText)
    {
        var bytes = Base64Url.DecodeFromChars(sealedText);
        var plain = new byte[bytes.Length - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(bytes.AsSpan(0, NonceLength), bytes.AsSpan(NonceLength + TagLength), bytes.AsSpan(NonceLength, TagLength), plain, Encoding.UTF8.GetBytes(handle));
        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>The sealed passwords of these accounts; made for those that have none.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> SecretsAsync(IReadOnlyList<string> handles, CancellationToken ct)
    {
        var missing = await db.Users.Where(m => handles.Contains(m.UserName!) && !db.Set<BackupSecret>().Any(s => s.MemberId == m.Id))
            .Select(m => new { m.Id, m.UserName, Older = db.Set<Backup>().Any(b => b.MemberId == m.Id) }).ToListAsync(ct);
        foreach (var member in missing)
        {
            // Repositories of before had a password made from the house's keys.
            var password = member.Older ? keys.Hash("backup", member.UserName!) : Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
            var (text, now) = (Seal(member.UserName!, password), time.GetUtcNow().UtcDateTime);
            // Two nodes may come here together: the first one's stays.
            await db.Database.ExecuteSqlAsync($"INSERT INTO backup_secrets (member_id, sealed, made_at) VALUES ({member.Id}, {text}, {now}) ON CONFLICT DO NOTHING", ct);
        }

        return await db.Set<BackupSecret>().AsNoTracking().Join(db.Users, s => s.MemberId, m => m.Id, (s, m) => new { m.UserName, s.Sealed })
            .Where(s => handles.Contains(s.UserName!)).ToDictionaryAsync(s => s.UserName!, s => s.Sealed, ct);
    }

    /// <summary>The order of a request as the host gets it.</summary>
    internal BackupOrder OrderOf(HostRequest request, string? sealedText, BackupKeep? keep)
    {
        var wish = request.Detail is null ? new RestoreWish() : JsonSerializer.Deserialize<RestoreWish>(request.Detail)!;
        return new BackupOrder(sealedText is null ? "" : Open(Key, request.Handle!, sealedText), request.Name, wish.Path, wish.Database, wish.Beside, sealedText, request.Work == AgentWork.Backup ? keep : null);
    }

    private byte[] Key => keys.KeyFor("backup-passwords");

    private string Seal(string handle, string password)
    {
        var (nonce, tag, plain) = (RandomNumberGenerator.GetBytes(NonceLength), new byte[TagLength], Encoding.UTF8.GetBytes(password));
        var cipher = new byte[plain.Length];
        using var aes = new AesGcm(Key, TagLength);
        aes.Encrypt(nonce, plain, cipher, tag, Encoding.UTF8.GetBytes(handle));
        return Base64Url.EncodeToString([.. nonce, .. tag, .. cipher]);
    }
}
