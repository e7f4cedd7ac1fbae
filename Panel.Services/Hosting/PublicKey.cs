using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Panel.Services.Hosting;

/// <summary>One SSH public key as OpenSSH writes it: type, base64 body, comment. The body is decoded to its last byte
/// (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4), so that what reaches a file of root is a key and nothing else.</summary>
public sealed record PublicKey(string Type, string Body, string Fingerprint, string Comment)
{
    private const int LongestText = 16 * 1024;
    private const int LongestComment = 100;
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 16384;
    private const string SkEd25519 = "sk-ssh-ed25519@openssh.com";
    private const string SkEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";

    private static readonly string[] Types = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa", SkEd25519, SkEcdsa];

    public static Outcome<PublicKey> Parse(string? pasted)
    {
        static Refusal No(string why) => new(why, "publicKey");
        var text = pasted?.Trim(' ', '\r', '\n') ?? "";
        if (text.Contains("PRIVATE KEY", StringComparison.OrdinalIgnoreCase) || text.StartsWith("PuTTY-User-Key-File", StringComparison.OrdinalIgnoreCase))
        {
            return No("This is a private key. It was not stored, but it has left your computer: discard it, make a new pair (ssh-keygen -t ed25519) and paste the file that ends in .pub.");
        }

        if (text.Length is 0 or > LongestText)
        {
            return No("Paste one public key: the one line of a file that ends in .pub, for example ~/.ssh/id_ed25519.pub.");
        }

        if (text.StartsWith("---- BEGIN SSH2", StringComparison.Ordinal))
        {
            return No("This is the SSH2 form of a public key. Turn it into one line with: ssh-keygen -i -f FILE");
        }

        if (text.Any(char.IsControl))
        {
            return No("A public key is one line. Add several keys one after the other.");
        }

        var parts = text.Split(' ', 3);
        if (!Types.Contains(parts[0]))
        {
            return No(TypeRefusal(parts[0], text));
        }

        var comment = parts.Length > 2 ? parts[2].Trim() : "";
        if (parts.Length < 2 || Decode(parts[1]) is not { } body || !IsWhole(parts[0], body, out var weak))
        {
            return No("The key is not whole, or its body does not belong to its type. Copy the line of the .pub file again, from its first to its last character.");
        }

        return weak
            ? No($"This RSA key has fewer than {LeastRsaBits} bits and can be broken. Make a new pair: ssh-keygen -t ed25519")
            : new PublicKey(parts[0], parts[1], FingerprintOf(body), comment[..Math.Min(LongestComment, comment.Length)]);
    }

    private static string TypeRefusal(string first, string text) => first switch
    {
        "ssh-dss" => "DSA keys are no longer safe. Make a new pair: ssh-keygen -t ed25519",
        _ when first.Contains("-cert-", StringComparison.Ordinal) => "This is a certificate. Paste the plain public key that belongs to it.",
        _ when Types.Any(t => text.Contains(t + " ", StringComparison.Ordinal)) =>
            "A key is added without options. Paste only the part that begins with its type, for example ssh-ed25519.",
        _ => $"This does not begin with a key type that is known here. Known are: {string.Join(", ", Types)}.",
    };

    private static byte[]? Decode(string body)
    {
        var bytes = new byte[body.Length];
        return Convert.TryFromBase64String(body, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == body ? bytes[..length] : null;
    }

    private static string FingerprintOf(byte[] body) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(body)).TrimEnd('=');

    private static bool IsWhole(string type, ReadOnlySpan<byte> body, out bool weak)
    {
        weak = false;
        if (!Take(ref body, out var named) || !named.SequenceEqual(Encoding.ASCII.GetBytes(type)))
        {
            return false;
        }

        var isWhole = type switch
        {
            "ssh-rsa" => Rsa(ref body, out weak),
            "ssh-ed25519" => Take(ref body, out var key) && key.Length == 32,
            SkEd25519 => Take(ref body, out var key) && key.Length == 32 && Application(ref body),
            SkEcdsa => Curve(ref body, "nistp256", 65) && Application(ref body),
            "ecdsa-sha2-nistp256" => Curve(ref body, "nistp256", 65),
            "ecdsa-sha2-nistp384" => Curve(ref body, "nistp384", 97),
            _ => Curve(ref body, "nistp521", 133),
        };
        return isWhole && body.IsEmpty;
    }

    private static bool Rsa(ref ReadOnlySpan<byte> body, out bool weak)
    {
        weak = false;
        if (!Take(ref body, out var exponent) || !Take(ref body, out var modulus) || exponent.IsEmpty || modulus.IsEmpty || (exponent[0] | modulus[0]) >= 0x80)
        {
            return false;
        }

        var plain = modulus.TrimStart((byte)0);
        var bits = plain.IsEmpty ? 0 : (plain.Length * 8) - byte.LeadingZeroCount(plain[0]);
        weak = bits < LeastRsaBits;
        return bits <= MostRsaBits && (exponent[^1] & 1) == 1 && !(exponent.Length == 1 && exponent[0] == 1);
    }

    // An uncompressed point begins with 4 (SEC 1 section 2.3.3).
    private static bool Curve(ref ReadOnlySpan<byte> body, string name, int pointBytes) =>
        Take(ref body, out var curve) && curve.SequenceEqual(Encoding.ASCII.GetBytes(name)) &&
        Take(ref body, out var point) && point.Length == pointBytes && point[0] == 4;

    private static bool Application(ref ReadOnlySpan<byte> body) => Take(ref body, out var name) && name.Length is > 0 and <= 255;

    private static bool Take(ref ReadOnlySpan<byte> body, out ReadOnlySpan<byte> part)
    {
        part = default;
        if (body.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(body) is var length && length > (uint)(body.Length - 4))
        {
            return false;
        }

        part = body.Slice(4, (int)length);
        body = body[(4 + (int)length)..];
        return true;
    }
}
