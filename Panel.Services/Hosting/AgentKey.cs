using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>The key of the listener for agents of other machines: derived from the house's own, so that every node has it and a
/// backup brings it back. Agents know it by the hash of its public half, not by a name or an authority.</summary>
public sealed class AgentKey : IDisposable
{
    public AgentKey(HouseKeys keys)
    {
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = keys.KeyFor("agent-link") });
        var request = new CertificateRequest("CN=panel-agent-link", key, HashAlgorithmName.SHA256);
        // The pin decides, not the time; RFC 5280 §4.1.2.5 has no way to say "for ever" before 9999.
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero));
        Certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        Pin = PinOf(Certificate);
    }

    public X509Certificate2 Certificate { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo (RFC 7469 §2.4) in base64url.</summary>
    public string Pin { get; }

    public static string PinOf(X509Certificate2 certificate) => Base64Url.EncodeToString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    public void Dispose() => Certificate.Dispose();
}
