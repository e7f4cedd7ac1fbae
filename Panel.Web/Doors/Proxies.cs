using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using Panel.Services;

namespace Panel.Web.Doors;

/// <summary>Whose word about a visitor's address counts: only that of the proxies in <c>Panel:TrustedProxies</c> (addresses or
/// networks, with commas). Nobody is trusted by default, not even this machine, because members run code on it (rule S8).</summary>
internal static class Proxies
{
    public static IServiceCollection AddProxies(this IServiceCollection services)
    {
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<PanelOptions>>((headers, panel) =>
        {
            headers.KnownProxies.Clear();
            headers.KnownIPNetworks.Clear();
            foreach (var network in Networks(panel.Value.TrustedProxies))
            {
                headers.KnownIPNetworks.Add(network);
            }

            headers.ForwardedHeaders = headers.KnownIPNetworks.Count > 0 ? ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto : ForwardedHeaders.None;
        });
        return services;
    }

    /// <summary>The networks of <c>Panel:TrustedProxies</c>; a word that is none stops the start.</summary>
    public static IReadOnlyList<System.Net.IPNetwork> Networks(string words) => [.. words.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(word => NetworkOf(word)
        ?? throw new OptionsValidationException(nameof(PanelOptions), typeof(PanelOptions), [$"Panel:TrustedProxies names {word}, which is no address or network such as 192.0.2.7 or 2001:db8::/32."]))];

    private static System.Net.IPNetwork? NetworkOf(string word) =>
        System.Net.IPNetwork.TryParse(word, out var network) ? network
        : IPAddress.TryParse(word, out var address) ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
