using System.Net;
using System.Text.Json;

namespace Panel.Services.Hosting;

/// <summary>One DNS row as it should be beside what was found. <paramref name="State"/> is <c>found</c>, <c>missing</c>,
/// <c>differs</c>, <c>failed</c> (the DNS could not tell) or <c>pending</c> (not looked up yet).</summary>
public sealed record DomainRow(string Type, string Name, IReadOnlyList<string> Wanted, IReadOnlyList<string> Found, string State, string? Why);

/// <summary>What the DNS said about a name when it was last asked, kept as JSON.</summary>
internal sealed record DomainFound(DnsAnswer Proof, DnsAnswer A, DnsAnswer Aaaa)
{
    public string Write() => JsonSerializer.Serialize(this);

    public static DomainFound? Read(string? json) => json is null ? null : JsonSerializer.Deserialize<DomainFound>(json);
}

/// <summary>The rows that make a name lead here. Pure.</summary>
internal static class DomainRows
{
    public static string ProofName(string name) => $"_panel.{DomainName.Bare(name)}";

    public static string ProofValue(string proof) => $"panel-proof={proof}";

    public static IReadOnlyList<DomainRow> Of(SiteDomain domain, IReadOnlyList<IPAddress> addresses)
    {
        var found = DomainFound.Read(domain.Found);
        var rows = new List<DomainRow> { Proof(domain, found?.Proof) };
        rows.AddRange(Lead("A", domain.Name, [.. addresses.Where(a => a.GetAddressBytes().Length == 4)], found?.A));
        rows.AddRange(Lead("AAAA", domain.Name, [.. addresses.Where(a => a.GetAddressBytes().Length == 16)], found?.Aaaa));
        return rows;
    }

    private static DomainRow Proof(SiteDomain domain, DnsAnswer? found)
    {
        var wanted = ProofValue(domain.Proof);
        var (state, why) = found switch
        {
            null => ("pending", null),
            _ when found.Values.Contains(wanted) => ("found", null),
            _ when domain.ApprovedAt is not null => ("found", "Not needed any more: the name is approved."),
            { Trouble: { } trouble } => ("failed", trouble),
            { Values.Count: 0 } => ("missing", "There is no such row yet. A new one is seen within minutes, at some registrars after an hour."),
            _ => ("differs", "There is a row of this name with another value. Add this one beside it."),
        };
        return new DomainRow("TXT", ProofName(domain.Name), [wanted], found?.Values ?? [], state, why);
    }

    private static IEnumerable<DomainRow> Lead(string type, string name, IReadOnlyList<IPAddress> wanted, DnsAnswer? found)
    {
        var texts = wanted.Select(a => a.ToString()).ToList();
        var other = (found?.Values ?? []).Where(v => !IPAddress.TryParse(v, out var address) || !wanted.Contains(address)).ToList();
        if (texts.Count == 0 && other.Count == 0)
        {
            return [];
        }

        var (state, why) = found switch
        {
            null => ("pending", null),
            { Trouble: { } trouble } => ("failed", trouble),
            _ when other.Count > 0 => ("differs", $"It leads to another machine: {string.Join(", ", other)}. {(texts.Count == 0 ? "Remove that row." : "Replace that row.")}"),
            { Values.Count: 0 } when type == "AAAA" => ("missing", "Not needed, but visitors with IPv6 come faster with it."),
            { Values.Count: 0 } => ("missing", "Without it nobody finds the site by this name."),
            _ => ("found", null),
        };
        return [new DomainRow(type, name, texts, found?.Values ?? [], state, why)];
    }
}
