using System.Security.Cryptography;

namespace Panel.Services.Mail.Dkim;

/// <summary>A key pair for signing, and what the domain's owner has to publish.</summary>
/// <param name="PrivatePem">PKCS#8 in PEM; a secret.</param>
/// <param name="TxtValue">The value of the TXT record (RFC 6376 §3.6.1), in one piece.</param>
public sealed record DkimKey(string PrivatePem, string TxtValue)
{
    /// <summary>2048 bits: what every verifier must take and what fits into one DNS answer (RFC 8301 §3.2).</summary>
    private const int Bits = 2048;

    public static DkimKey Make()
    {
        using var rsa = RSA.Create(Bits);
        return new DkimKey(rsa.ExportPkcs8PrivateKeyPem(), TxtOf(rsa));
    }

    /// <summary>What to publish for a key that exists already.</summary>
    public static string TxtOf(string privatePem)
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(privatePem);
        return TxtOf(rsa);
    }

    /// <summary>The name of the record: <c>selector._domainkey.domain</c>.</summary>
    public static string DnsName(string selector, string domain) => $"{selector}._domainkey.{domain}";

    /// <summary>The value as zone files want it: quoted strings of at most 255 characters (RFC 1035 §3.3.14), joined by the reader (RFC 6376 §3.6.2.2).</summary>
    public static string ZoneForm(string txtValue) => string.Join(' ', txtValue.Chunk(255).Select(part => $"\"{new string(part)}\""));

    private static string TxtOf(RSA rsa) => $"v=DKIM1; h=sha256; k=rsa; p={Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo())}";
}
