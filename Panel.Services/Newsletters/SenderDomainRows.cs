using System.Net;
using Panel.Services.Hosting;

namespace Panel.Services.Newsletters;

/// <summary>One thing that receivers look at: what should be there, what is there, and what follows from it.</summary>
/// <param name="What"><c>SPF</c>, <c>DKIM</c>, <c>DMARC</c>, <c>MX</c>, <c>PTR</c> or <c>TLS</c>.</param>
/// <param name="Name">The name to put the row under; empty where there is no row to copy.</param>
/// <param name="State"><c>found</c>, <c>missing</c>, <c>differs</c> or <c>unknown</c> (the DNS did not answer).</param>
/// <param name="Words">For its owner: what it is for and who refuses without it.</param>
public sealed record SenderDomainRow(string What, string Name, string Type, string Wanted, IReadOnlyList<string> Found, string State, string Words);

/// <summary>What a domain is measured against.</summary>
/// <param name="ReturnDomain">The domain of the envelope sender, for which receivers look up SPF.</param>
/// <param name="SendingHost">The machine that speaks to the receivers: the relay, or ours.</param>
internal sealed record SenderDomainWish(string Domain, string DkimName, string DkimValue, string ReturnDomain, string SendingHost, bool RelayIsSecure);

/// <summary>What the DNS said about it.</summary>
internal sealed record SenderDomainFound(DnsAnswer Spf, DnsAnswer Dkim, DnsAnswer Dmarc, DnsAnswer Mx, DnsAnswer Addresses, DnsAnswer Pointers, DnsAnswer Back);

/// <summary>Compares what receivers want (rules A1-A4) with what the DNS has. Pure.</summary>
internal static class SenderDomainRows
{
    private const string Bulk = "Gmail, Yahoo and Microsoft refuse bulk mail without it";

    public static IReadOnlyList<SenderDomainRow> Compare(SenderDomainWish wish, SenderDomainFound found) =>
        [Spf(wish, found.Spf), Dkim(wish, found.Dkim), Dmarc(wish, found.Dmarc), Mx(wish, found.Mx), Ptr(wish, found), Tls(wish)];

    private static SenderDomainRow Spf(SenderDomainWish wish, DnsAnswer answer)
    {
        var own = wish.Domain.Equals(wish.ReturnDomain, StringComparison.OrdinalIgnoreCase);
        var wanted = own ? "v=spf1 mx ~all" : $"v=spf1 include:{wish.ReturnDomain} ~all";
        var records = answer.Values.Where(v => v.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || v.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)).ToList();
        var fits = records is [var only] && (own
            ? only.Split(' ').Length > 2
            : only.Split(' ').Any(t => t.TrimStart('+').Equals($"include:{wish.ReturnDomain}", StringComparison.OrdinalIgnoreCase) || t.TrimStart('+').Equals($"redirect={wish.ReturnDomain}", StringComparison.OrdinalIgnoreCase)));
        return new SenderDomainRow("SPF", wish.Domain, "TXT", wanted, records, State(answer, records, fits), records.Count > 1
            ? "There is more than one SPF row, and receivers then believe none (RFC 7208 section 4.5). Make one of them."
            : $"Says which machines may send for {wish.Domain}. If you have such a row already, only add the part that begins with include. {Bulk}.");
    }

    private static SenderDomainRow Dkim(SenderDomainWish wish, DnsAnswer answer)
    {
        var key = KeyOf(wish.DkimValue);
        return new SenderDomainRow(
            "DKIM", wish.DkimName, "TXT", wish.DkimValue, answer.Values, State(answer, answer.Values, answer.Values.Count == 1 && KeyOf(answer.Values[0]) == key),
            $"Proves that a mail is really from {wish.Domain} and was not changed. {Bulk}.");
    }

    private static SenderDomainRow Dmarc(SenderDomainWish wish, DnsAnswer answer)
    {
        var records = answer.Values.Where(v => v.StartsWith("v=DMARC1", StringComparison.OrdinalIgnoreCase)).ToList();
        var fits = records is [var only] && only.Split(';').Any(t => t.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant() is "p=none" or "p=quarantine" or "p=reject");
        return new SenderDomainRow(
            "DMARC", $"_dmarc.{wish.Domain}", "TXT", "v=DMARC1; p=none", records, State(answer, records, fits),
            $"Says what receivers do with forgeries; p=none is enough to begin with. {Bulk}.");
    }

    private static SenderDomainRow Mx(SenderDomainWish wish, DnsAnswer answer)
    {
        // "0 ." says that the domain takes no mail (RFC 7505).
        var fits = answer.Values.Any(v => v.TrimEnd().Split(' ') is [_, not "."]);
        return new SenderDomainRow(
            "MX", wish.Domain, "MX", "10 your.mail.server.", answer.Values, State(answer, answer.Values, fits),
            $"Where answers to {wish.Domain} go. Some receivers refuse senders that cannot be answered.");
    }

    private static SenderDomainRow Ptr(SenderDomainWish wish, SenderDomainFound found)
    {
        var fits = found.Pointers.Values.Count > 0 && found.Back.Values.Intersect(found.Addresses.Values).Any();
        var trouble = found.Addresses.Trouble ?? found.Pointers.Trouble;
        var words = found.Addresses.Values.Count == 0 && trouble is null
            ? $"{wish.SendingHost} has no address in the DNS, so nobody can look up its name. The house sets this."
            : $"The address of {wish.SendingHost} leads to a name, and that name back to the address. Gmail refuses machines without it. The house sets this where it rents the address.";
        return new SenderDomainRow("PTR", "", "PTR", wish.SendingHost, found.Pointers.Values, trouble is not null ? "unknown" : fits ? "found" : found.Pointers.Values.Count == 0 ? "missing" : "differs", words);
    }

    private static SenderDomainRow Tls(SenderDomainWish wish) => new(
        "TLS", "", "", "starttls or tls", [], wish.RelayIsSecure ? "found" : "missing",
        wish.RelayIsSecure ? "Mail leaves this machine encrypted, or stays on it until the mail server here hands it on." : "Mail leaves this machine in the clear: set Mail__Smtp__Security to starttls or tls. Gmail wants TLS from everybody.");

    private static string State(DnsAnswer answer, IReadOnlyList<string> records, bool fits) =>
        answer.Trouble is not null ? "unknown" : fits ? "found" : records.Count == 0 ? "missing" : "differs";

    private static string KeyOf(string record) => record.Split(';').Select(t => t.Replace(" ", "", StringComparison.Ordinal)).FirstOrDefault(t => t.StartsWith("p=", StringComparison.Ordinal)) ?? "";

    /// <summary>The name under which the pointer of an address lies (RFC 1035 §3.5, RFC 3596 §2.5).</summary>
    public static string? PointerName(string address)
    {
        if (!IPAddress.TryParse(address, out var ip))
        {
            return null;
        }

        var bytes = ip.GetAddressBytes();
        return bytes.Length == 4
            ? $"{bytes[3]}.{bytes[2]}.{bytes[1]}.{bytes[0]}.in-addr.arpa"
            : $"{string.Join('.', Convert.ToHexStringLower(bytes).Reverse())}.ip6.arpa";
    }
}
