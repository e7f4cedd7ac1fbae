extern alias agent;

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using agent::Panel.Agent;
using agent::Panel.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>Classes 6 and 17: the host that an account comes from may give anything as a site's certificate.</summary>
public sealed class ForeignCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly SiteState Web = new("web", SiteKind.Static, "web.ann.house.example", ["annart.example", "*.annart.example"], null);

    private const string Unreadable = "it is too large or cannot be read";

    private readonly TempFolder folder = new();
    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    public ForeignCertificateTests()
    {
        authority = SelfSigned("CN=authority", authorityKey);
        File.WriteAllText(Trusted, authority.ExportCertificatePem());
    }

    private string Trusted => folder.In("trusted.pem");

    public void Dispose()
    {
        authority.Dispose();
        authorityKey.Dispose();
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void One_for_names_of_this_site_is_taken_and_written_anew_without_what_else_came_with_it()
    {
        var chain = Pem(key, ["annart.example"]);
        var taken = Judge($"words\n{chain}{key.ExportPkcs8PrivateKeyPem()}\n{authority.ExportCertificatePem()}\n../../etc", $"words\n{key.ExportECPrivateKeyPem()}").Good!;
        Assert.Equal(chain + authority.ExportCertificatePem() + "\n", taken.Chain);
        Assert.Equal(key.ExportPkcs8PrivateKeyPem(), taken.Key);
        Assert.NotNull(Judge(Pem(key, ["annart.example", "*.annart.example", "web.ann.house.example"]), key.ExportPkcs8PrivateKeyPem()).Good);
    }

    [Theory]
    [InlineData("bobart.example")]
    [InlineData("annart.example bobart.example")]
    [InlineData("*.example")]
    [InlineData("../homes/m/evil")]
    [InlineData("www.annart.example")]
    [InlineData("")]
    public void Names_of_others_are_refused_also_beside_its_own(string names) =>
        Refused("it is not for the names of this site alone", Pem(key, names.Split(' ', StringSplitOptions.RemoveEmptyEntries)), key.ExportPkcs8PrivateKeyPem());

    [Fact]
    public void A_key_that_does_not_fit_or_is_none_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        Refused("its key does not fit", Pem(key, ["annart.example"]), other.ExportPkcs8PrivateKeyPem());
        Refused("its key does not fit", "", key.ExportPkcs8PrivateKeyPem());
        foreach (var no in new[] { "", "no key", rsa.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem() + other.ExportPkcs8PrivateKeyPem(), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" })
        {
            Refused(no == "" || no[0] == 'n' || no.Contains("AAAA", StringComparison.Ordinal) ? Unreadable : null, Pem(key, ["annart.example"]), no);
        }

        Refused(Unreadable, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key.ExportPkcs8PrivateKeyPem());
    }

    [Fact]
    public void One_of_another_time_is_refused()
    {
        Refused("it is not in date", Pem(key, ["annart.example"], from: -2, until: -1), key.ExportPkcs8PrivateKeyPem());
        Refused("it is not in date", Pem(key, ["annart.example"], from: 1, until: 2), key.ExportPkcs8PrivateKeyPem());
    }

    [Fact]
    public void One_that_no_trusted_authority_gave_for_a_server_is_refused()
    {
        using var liar = SelfSigned("CN=authority", key);
        Refused("this host does not trust who gave it", Pem(key, ["annart.example"], by: liar, byKey: key) + liar.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        Refused("this host does not trust who gave it", Pem(key, ["annart.example"], use: "1.3.6.1.5.5.7.3.4"), key.ExportPkcs8PrivateKeyPem());
        Assert.Equal("this host does not trust who gave it", ForeignCertificate.Judge(Web, Pem(key, ["annart.example"]), key.ExportPkcs8PrivateKeyPem(), null, Now).Why);
    }

    [Fact]
    public void What_is_too_large_or_too_long_a_chain_is_refused()
    {
        var good = Pem(key, ["annart.example"]);
        Refused(Unreadable, good + new string(' ', ForeignCertificate.MostLetters), key.ExportPkcs8PrivateKeyPem());
        Refused("its key does not fit", string.Concat(Enumerable.Repeat(good, 9)), key.ExportPkcs8PrivateKeyPem());
    }

    [Fact]
    public async Task Of_what_does_not_end_only_so_much_is_kept()
    {
        using var endless = new MemoryStream(new byte[10 << 20]);
        Assert.InRange((await Moving.UpToAsync(endless, 1024, default)).Length, 1025, 1024 + 8192);
        Assert.Equal(endless.Length, endless.Position);
    }

    [Fact]
    public void A_box_says_nothing_to_who_hands_it_on_and_opens_for_nobody_else()
    {
        using var box = new SealedBox();
        using var other = new SealedBox();
        var text = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem());
        var closed = SealedBox.Seal(box.Address, "ann", text);
        Assert.Equal(text, box.Open("ann", closed));
        Assert.Equal(-1, closed.AsSpan().IndexOf("PRIVATE"u8));
        Assert.NotEqual(closed, SealedBox.Seal(box.Address, "ann", text));
        Assert.ThrowsAny<CryptographicException>(() => other.Open("ann", closed));
        Assert.ThrowsAny<CryptographicException>(() => box.Open("bob", closed));
        for (var i = 0; i < closed.Length; i += 7)
        {
            var changed = closed.ToArray();
            changed[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => box.Open("ann", changed));
        }

        Assert.ThrowsAny<CryptographicException>(() => box.Open("ann", []));
        Assert.ThrowsAny<CryptographicException>(() => SealedBox.Seal([], "ann", text));
        Assert.ThrowsAny<CryptographicException>(() => SealedBox.Seal(new byte[91], "ann", text));
    }

    [RootFact]
    public void What_comes_is_looked_up_by_the_accounts_own_sites_and_a_bad_one_keeps_no_good_one_away()
    {
        using var certificates = new Certificates(new Layout(folder.In("root"), folder.In("run")), new AcmeOptions(null, null, Trusted, null, null, TimeSpan.FromMinutes(15)), TimeProvider.System, _ => { });
        var account = new AccountState("ann", 290_001, 1, AccountStatus.Active, null, [Web, new("blog", SiteKind.Static, "blog.ann.house.example", ["annblog.example"], null)], [], Hold: AccountHold.Arriving);
        var (good, secret) = (Pem(key, ["annart.example"]), key.ExportPkcs8PrivateKeyPem());
        string[] came = ["../../keys/ann", good, secret, "shop", good, secret, "web\n", good, secret, "blog", good, secret, "web", good, secret, "", "half"];
        var said = Moving.Settle(account, certificates, () => came);

        Assert.Equal(
        [
            "a certificate came for no site of this account and is not taken",
            "a certificate came for no site of this account and is not taken",
            "a certificate came for no site of this account and is not taken",
            "blog: the certificate that came is not taken, it is not for the names of this site alone; it is ordered anew",
        ], said.Take(4));
        Assert.StartsWith("web: its certificate came along, good until ", said[4], StringComparison.Ordinal);
        Assert.Equal(5, said.Count);
        Assert.Equal(["ann.web.moved.crt", "ann.web.moved.key"], Directory.GetFileSystemEntries(folder.In("root/tls")).Select(Path.GetFileName).Order());
        Assert.NotNull(certificates.Find("ann", "web", "annart.example"));
        Assert.Null(certificates.Find("ann", "web", "web.ann.house.example"));
        Assert.True(certificates.Has("ann"));

        Assert.Contains("could not be opened", Assert.Single(Moving.Settle(account, certificates, () => throw new CryptographicException("It is too short."))), StringComparison.Ordinal);
        certificates.Forget("ann");
        Assert.Empty(Directory.GetFileSystemEntries(folder.In("root/tls")));
        Assert.Null(certificates.Find("ann", "web", "annart.example"));
    }

    private (ForeignCertificate? Good, string? Why) Judge(string chain, string secret) => ForeignCertificate.Judge(Web, chain, secret, Trusted, Now);

    /// <param name="why">Null when it may be any reason.</param>
    private void Refused(string? why, string chain, string secret)
    {
        var (good, said) = Judge(chain, secret);
        Assert.Null(good);
        Assert.NotNull(said);
        Assert.Equal(why ?? said, said);
    }

    private string Pem(ECDsa of, string[] names, int from = -1, int until = 60, X509Certificate2? by = null, ECDsa? byKey = null, string use = "1.3.6.1.5.5.7.3.1")
    {
        // Written by hand, because .NET's own builder refuses what a liar would write (RFC 5280 section 4.2.1.6).
        var alternatives = new AsnWriter(AsnEncodingRules.DER);
        using (alternatives.PushSequence())
        {
            names.ToList().ForEach(n => alternatives.WriteCharacterString(UniversalTagNumber.IA5String, n, new Asn1Tag(TagClass.ContextSpecific, 2)));
        }

        var request = new CertificateRequest("CN=site", of, HashAlgorithmName.SHA256);
        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", alternatives.Encode(), false));
        }

        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], false));
        using var made = request.Create((by ?? authority).SubjectName, X509SignatureGenerator.CreateForECDsa(byKey ?? authorityKey), Now.AddDays(from), Now.AddDays(until), RandomNumberGenerator.GetBytes(8));
        return made.ExportCertificatePem() + "\n";
    }

    private static X509Certificate2 SelfSigned(string name, ECDsa secret)
    {
        var request = new CertificateRequest(name, secret, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddDays(-3), Now.AddDays(300));
    }
}
