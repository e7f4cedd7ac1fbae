using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Panel.Services.Mail.Content;

/// <summary>Message-IDs that say nothing and never change.</summary>
public static class MessageIds
{
    /// <summary>
    /// The id of one issue for one person: 128 bits of HMAC-SHA256, so that a retry has the same (rule H7) and nobody can
    /// count our lists by it. Without angle brackets.
    /// </summary>
    public static string For(ReadOnlySpan<byte> key, long issueId, long subscriberId, string domain)
    {
        Span<byte> who = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(who, issueId);
        BinaryPrimitives.WriteInt64BigEndian(who[8..], subscriberId);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, who, hash);
        return $"{Convert.ToHexStringLower(hash[..16])}@{domain}";
    }

    /// <summary>An id for a message that is made once, such as a notice.</summary>
    public static string New(string domain) => $"{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}@{domain}";
}
