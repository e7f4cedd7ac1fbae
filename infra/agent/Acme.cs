using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Panel.Agent;

/// <summary>Which certificate authority is asked, and how a name is shown to be ours. Without a directory nothing is ordered.</summary>
/// <param name="Hook">A program for DNS-01, called <c>present|cleanup NAME VALUE</c>; it returns when the row is seen.</param>
internal sealed record AcmeOptions(string? Directory, string? Email, string? CaFile, string? Hook, string? Resolver, TimeSpan Retry);

/// <summary>lego, run as a user of its own who can read no key and no home.</summary>
internal sealed partial class Acme(Layout layout, AcmeOptions options)
{
    // lego takes the names of a DNS-01 order one after the other and pauses a minute between two unless told otherwise (its provider exec), so
    // that an order of two names took longer than other programs may. The hook has seen its row, so there is nothing to pause for.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>The chain in PEM, or the names that the authority refused with the reason in words.</summary>
    public (string? Chain, IReadOnlyDictionary<string, string> Refused) Order(string id, IReadOnlySet<string> names, ECDsa key)
    {
        Files.Directory(layout.Acme, Modes.Private, Identity.AcmeId, Identity.AcmeId);
        Files.Directory(layout.AcmeWebroot, Modes.Directory, Identity.AcmeId, Identity.AcmeId);
        var first = names.Order(StringComparer.Ordinal).First();
        var request = $"{layout.AcmeRequests}/{id}.csr";
        Files.Directory(layout.AcmeRequests);
        Files.Put(request, Request(first, names, key));
        string[] solve = options.Hook is null ? ["--http", "--http.webroot", layout.AcmeWebroot]
            : ["--dns", "exec", "--dns.disable-cp", .. options.Resolver is null ? Array.Empty<string>() : ["--dns.resolvers", options.Resolver]];
        var ran = As("/usr/bin/lego", ["--accept-tos", "--server", options.Directory!, "--email", options.Email!, "--path", layout.Acme, "--csr", request, .. solve, "run"]);
        if (ran.Code == 0)
        {
            // Read as that user: whatever it may have put there is followed with its rights and not with ours.
            var chain = As("/bin/cat", ["--", $"{layout.Acme}/certificates/{first.Replace('*', '_')}.crt"]);
            return chain.Code == 0 ? (chain.Output, new Dictionary<string, string>()) : throw new MachineException(chain.Reason);
        }

        var refused = Refused(ran.Error + ran.Output, names);
        return refused.Count > 0 ? (null, refused) : throw new MachineException($"The certificate authority gave none: {Last(ran.Reason)}");
    }

    /// <summary>lego says one line <c>[NAME] acme: error: CODE :: TYPE :: DETAIL</c> for each name (RFC 8555 section 6.7).</summary>
    public static IReadOnlyDictionary<string, string> Refused(string output, IReadOnlySet<string> names) => Problem().Matches(output)
        .Where(m => names.Contains(m.Groups["name"].Value)).GroupBy(m => m.Groups["name"].Value)
        .ToDictionary(g => g.Key, g => $"{g.Key}: {Words(g.First().Groups["type"].Value)} ({Last(g.First().Groups["detail"].Value)})", StringComparer.Ordinal);

    private static string Words(string type) => type switch
    {
        "dns" => "the certificate authority did not find this name in the DNS.",
        "connection" or "tls" => "the certificate authority could not reach this name; does it lead to this host?",
        "unauthorized" or "incorrectResponse" => "another machine than this host answered for this name; its DNS leads elsewhere.",
        "caa" => "the name's CAA row does not allow this certificate authority.",
        "rateLimited" => "the certificate authority has issued enough for this name for now; it is asked again later.",
        "rejectedIdentifier" => "the certificate authority gives no certificate for this name.",
        _ => "the certificate authority refused this name.",
    };

    private static string Last(string text) => text.Length > 200 ? text[^200..] : text;

    private static string Request(string first, IReadOnlySet<string> names, ECDsa key)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            alternatives.AddDnsName(name);
        }

        // A common name holds 64 characters (RFC 5280 appendix A.1); the names that count are the alternatives.
        var request = new CertificateRequest(first.Length <= 64 ? $"CN={first}" : "", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(alternatives.Build());
        return request.CreateSigningRequestPem();
    }

    private Ran As(string program, string[] arguments) => Commands.TryWith(
        "", "/usr/bin/setpriv",
        [
            $"--reuid={Identity.AcmeId}", $"--regid={Identity.AcmeId}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", "/usr/bin/env",
            .. options.CaFile is null ? Array.Empty<string>() : [$"LEGO_CA_CERTIFICATES={options.CaFile}"], .. options.Hook is null ? Array.Empty<string>() : [$"EXEC_PATH={options.Hook}", "EXEC_SEQUENCE_INTERVAL=1"],
            program, .. arguments,
        ],
        patience: Patience);

    [GeneratedRegex(@"\[(?<name>[a-z0-9.*-]+)\] (?:\[[^\]]*\] )?(?:[^\n]*?)acme: error: \d+ :: (?:POST :: \S+ :: )?urn:ietf:params:acme:error:(?<type>\w+) :: (?<detail>[^\n]*)")]
    private static partial Regex Problem();
}
