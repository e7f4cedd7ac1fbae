using System.Security.Cryptography;
using System.Text;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>A generated password and what a host may know of it. The password is shown once and kept nowhere.</summary>
public sealed record DatabasePassword(string Text, string Verifier)
{
    // PostgreSQL's own default (scram_iterations).
    private const int Iterations = 4096;

    /// <summary>160 bits as 32 characters that no grammar of SQL, PHP or a shell takes for anything else.</summary>
    public static DatabasePassword Make(DatabaseEngine engine)
    {
        var text = string.Concat(RandomNumberGenerator.GetBytes(32).Select(b => "abcdefghijklmnopqrstuvwxyz234567"[b & 31]));
        return new DatabasePassword(text, engine == DatabaseEngine.Mariadb ? Native(text) : Scram(text, RandomNumberGenerator.GetBytes(16)));
    }

    /// <summary>RFC 5803 in PostgreSQL's form: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey (keys by RFC 5802 section 3).</summary>
    internal static string Scram(string password, byte[] salt)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, Iterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(HMACSHA256.HashData(salted, "Server Key"u8))}";
    }

    /// <summary>What mysql_native_password keeps: the SHA-1 of the SHA-1. The chance in the password is what protects it.</summary>
    internal static string Native(string password)
    {
#pragma warning disable CA5350 // The protocol's own hash; PHP's mysqlnd speaks no better one with MariaDB 10.11.
        return "*" + Convert.ToHexString(SHA1.HashData(SHA1.HashData(Encoding.UTF8.GetBytes(password))));
#pragma warning restore CA5350
    }
}
