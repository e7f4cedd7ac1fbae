using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>A certificate and its key that another host had for a site. That host may lie, so nothing of it is taken as it came: both are read,
/// judged and written anew.</summary>
internal sealed record ForeignCertificate(string Chain, string Key)
{
    /// <summary>Of chain and key in PEM; authorities give a few kilobytes.</summary>
    public const int MostLetters = 64 << 10;

    private const int LongestChain = 8;

    /// <summary>What may be served for this site, or why not.</summary>
    public static (ForeignCertificate? Good, string? Why) Judge(SiteState site, string chain, string key, string? authority, DateTimeOffset now)
    {
        try
        {
            using var secret = ECDsa.Create();
            secret.ImportFromPem(chain.Length + key.Length <= MostLetters ? key : "");
            X509Certificate2Collection all = [];
            all.ImportFromPem(chain);
            if (all.Count is 0 or > LongestChain || all[0].GetECDsaPublicKey()?.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(secret.ExportSubjectPublicKeyInfo()) != true)
            {
                return (null, "its key does not fit");
            }

            var names = Certificate.Of(all[0]).Names;
            var why = names.Count == 0 || !names.IsSubsetOf(site.Domains.Append(site.Address)) ? "it is not for the names of this site alone"
                : now < all[0].NotBefore || now >= all[0].NotAfter ? "it is not in date"
                : !IsTrusted(all, null) && (authority is null || !IsTrusted(all, authority)) ? "this host does not trust who gave it" : null;
            return why is not null ? (null, why) : (new ForeignCertificate(string.Concat(all.Select(c => c.ExportCertificatePem() + "\n")), secret.ExportPkcs8PrivateKeyPem()), null);
        }
        catch (Exception broken) when (broken is CryptographicException or ArgumentException)
        {
            return (null, "it is too large or cannot be read");
        }
    }

    /// <summary>By the machine's own authorities, or by the house's; nothing is asked of any network.</summary>
    private static bool IsTrusted(X509Certificate2Collection all, string? authority)
    {
        using var path = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true } };
        path.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1")); // id-kp-serverAuth (RFC 5280 section 4.2.1.12)
        path.ChainPolicy.ExtraStore.AddRange(all);
        if (authority is not null)
        {
            path.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            path.ChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        }

        return path.Build(all[0]);
    }
}
