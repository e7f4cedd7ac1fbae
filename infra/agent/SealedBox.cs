using System.Security.Cryptography;

namespace Panel.Agent;

/// <summary>Bytes for the one host that asked for them: Panel, which hands both ends on, reads neither. Each box has a key of its own and is
/// opened once. Who the other end is follows from Panel's placement, as for all that a move carries.</summary>
internal sealed class SealedBox : IDisposable
{
    // A point of P-256 as SubjectPublicKeyInfo (RFC 5480 section 2), and the tag of AES-GCM.
    private const int Point = 91, Tag = 16;

    private readonly ECDiffieHellman own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Address => own.PublicKey.ExportSubjectPublicKeyInfo();

    /// <summary>Throws <see cref="CryptographicException"/> when the address is none.</summary>
    public static byte[] Seal(byte[] address, string purpose, byte[] text)
    {
        using var other = ECDiffieHellman.Create();
        other.ImportSubjectPublicKeyInfo(address, out _);
        using var once = new SealedBox();
        var whole = new byte[Point + Tag + text.Length];
        once.Address.CopyTo(whole, 0);
        using var cipher = new AesGcm(Key(once.own, other, once.Address, address, purpose), Tag);
        // Nothing else is ever sealed with this key, so the nonce need not differ.
        cipher.Encrypt(new byte[12], text, whole.AsSpan(Point + Tag), whole.AsSpan(Point, Tag));
        return whole;
    }

    /// <summary>Throws <see cref="CryptographicException"/> when it was not sealed for this box and purpose, or was changed.</summary>
    public byte[] Open(string purpose, byte[] whole)
    {
        using var other = ECDiffieHellman.Create();
        var text = new byte[whole.Length >= Point + Tag ? whole.Length - Point - Tag : throw new CryptographicException("It is too short.")];
        other.ImportSubjectPublicKeyInfo(whole.AsSpan(0, Point), out _);
        using var cipher = new AesGcm(Key(own, other, whole[..Point], Address, purpose), Tag);
        cipher.Decrypt(new byte[12], whole.AsSpan(Point + Tag), whole.AsSpan(Point, Tag), text);
        return text;
    }

    public void Dispose() => own.Dispose();

    private static byte[] Key(ECDiffieHellman own, ECDiffieHellman other, byte[] from, byte[] to, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, own.DeriveRawSecretAgreement(other.PublicKey), 32, info: [.. from, .. to, .. System.Text.Encoding.UTF8.GetBytes(purpose)]);
}
