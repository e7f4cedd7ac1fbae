using System.Net;
using System.Net.Sockets;

namespace Panel.Services.Finger.Following;

/// <summary>Which addresses may be connected to. Private, local, shared, documentation, multicast and tunnelled ones are not
/// public (IANA special-purpose registries; RFC 6890).</summary>
internal sealed class PublicNetworks(bool everyPublic, IReadOnlyList<IPNetwork> exceptions)
{
    public const string Word = "public";

    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
            "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    public bool Allows(IPAddress address)
    {
        var one = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return exceptions.Any(n => n.Contains(one)) || (everyPublic && IsPublic(one));
    }

    public static bool IsPublic(IPAddress address)
    {
        var one = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (one.AddressFamily == AddressFamily.InterNetwork || (one.ScopeId == 0 && Global.Contains(one))) && !NotPublic.Any(n => n.Contains(one));
    }
}
