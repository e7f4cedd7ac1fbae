using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <summary>What a reader's link may do. One purpose never stands in for another.</summary>
public enum TokenPurpose : byte { Leave = 1, Confirm = 2, Preferences = 3, Export = 4, Bounce = 5, Track = 6 }

/// <summary>Who a verified token speaks for.</summary>
public readonly record struct Reader(long ListId, long SubscriberId, long IssueId);

/// <summary>Links that name list and person and prove themselves without the database, for ever: version, key id, purpose, list,
/// person, issue and HMAC-SHA256 cut to 128 bits, as lower-case base32 (relays change case), at most 50 characters.</summary>
public sealed class ReaderTokens(HouseKeys keys)
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const byte Version = 1;
    private const byte KeyId = 1;
    private const int MacBytes = 16;
    private readonly byte[] key = keys.KeyFor("reader-tokens/1");

    public string Make(TokenPurpose purpose, Reader reader)
    {
        Span<byte> bytes = stackalloc byte[64];
        bytes[0] = (Version << 4) | KeyId;
        bytes[1] = (byte)purpose;
        var length = 2;
        length += Put(bytes[length..], reader.ListId);
        length += Put(bytes[length..], reader.SubscriberId);
        length += Put(bytes[length..], reader.IssueId);
        length += Mac(bytes[..length], bytes[length..]);
        return Encode(bytes[..length]);
    }

    /// <summary>The reader of a genuine token made for <paramref name="purpose"/>, in any case; else null. Constant time in the MAC.</summary>
    public Reader? Read(TokenPurpose purpose, string? token)
    {
        Span<byte> bytes = stackalloc byte[40];
        if (token is not { Length: > 0 and <= 60 } || Decode(token, bytes) is not { } length || length < 2 + 3 + MacBytes)
        {
            return null;
        }

        var signed = bytes[..(length - MacBytes)];
        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(signed, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[(length - MacBytes)..length]) || signed[0] != ((Version << 4) | KeyId) || signed[1] != (byte)purpose)
        {
            return null;
        }

        var rest = signed[2..];
        return Take(ref rest) is { } list && Take(ref rest) is { } person && Take(ref rest) is { } issue && rest.IsEmpty ? new Reader(list, person, issue) : null;
    }

    private int Mac(ReadOnlySpan<byte> signed, Span<byte> into)
    {
        Span<byte> full = stackalloc byte[32];
        HMACSHA256.HashData(key, signed, full);
        full[..MacBytes].CopyTo(into);
        return MacBytes;
    }

    // A length byte and only the significant bytes: three ids of 32 bits and the MAC still fit 50 characters.
    private static int Put(Span<byte> into, long value)
    {
        Span<byte> full = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(full, value);
        var significant = full.TrimStart((byte)0);
        into[0] = (byte)significant.Length;
        significant.CopyTo(into[1..]);
        return 1 + significant.Length;
    }

    private static long? Take(ref Span<byte> rest)
    {
        if (rest.IsEmpty || rest[0] > 8 || rest.Length < 1 + rest[0])
        {
            return null;
        }

        var value = 0L;
        foreach (var part in rest.Slice(1, rest[0]))
        {
            value = (value << 8) | part;
        }

        rest = rest[(1 + rest[0])..];
        return value;
    }

    private static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder((bytes.Length * 8 + 4) / 5);
        var (buffer, bits) = (0, 0);
        foreach (var part in bytes)
        {
            (buffer, bits) = ((buffer << 8) | part, bits + 8);
            while (bits >= 5)
            {
                bits -= 5;
                text.Append(Alphabet[(buffer >> bits) & 31]);
            }

            buffer &= (1 << bits) - 1;
        }

        return bits == 0 ? text.ToString() : text.Append(Alphabet[(buffer << (5 - bits)) & 31]).ToString();
    }

    private static int? Decode(string text, Span<byte> into)
    {
        var (buffer, bits, length) = (0, 0, 0);
        foreach (var letter in text)
        {
            var value = Alphabet.IndexOf(char.ToLowerInvariant(letter), StringComparison.Ordinal);
            if (value < 0)
            {
                return null;
            }

            (buffer, bits) = ((buffer << 5) | value, bits + 5);
            if (bits >= 8)
            {
                bits -= 8;
                if (length == into.Length)
                {
                    return null;
                }

                into[length++] = (byte)(buffer >> bits);
                buffer &= (1 << bits) - 1;
            }
        }

        return buffer == 0 ? length : null; // Left-over bits must be zero, so that one token has one spelling.
    }
}
