using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Panel.Services.Hosting;

/// <summary>Names and ports of the hosted sites. Section <c>Hosting</c>. The ports count until the agent has reported
/// the ones that it really got.</summary>
public sealed class HostingOptions
{
    /// <summary>Automatic site names are <c>SITE.HANDLE.BASE</c>.</summary>
    [RegularExpression(@"\A[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\z", ErrorMessage = "Hosting:Base must be a host name in lower case, such as localhost or example.org.")]
    public string Base { get; set; } = "localhost";

    [Range(1, 65535)]
    public int HttpPort { get; set; } = 18080;

    [Range(1, 65535)]
    public int HttpsPort { get; set; } = 18443;

    [Range(1, 65535)]
    public int SftpPort { get; set; } = 2222;

    /// <summary>The addresses that members' own names should lead to, separated by commas.</summary>
    public string Addresses { get; set; } = "127.0.0.1, ::1";

    /// <summary>The name server that proofs are looked up at, as ADDRESS:PORT; empty is the machine's own.</summary>
    public string Resolver { get; set; } = "";

    public IReadOnlyList<IPAddress> ReadAddresses() => [.. Addresses.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)];

    public IPEndPoint? ReadResolver() => Resolver.Length == 0 ? null : IPEndPoint.Parse(Resolver) is { Port: 0 } plain ? new IPEndPoint(plain.Address, 53) : IPEndPoint.Parse(Resolver);

    /// <summary>Where agents of other machines call over TLS, as ADDRESS:PORT such as <c>[::]:8444</c>; empty listens nowhere.</summary>
    public string AgentListen { get; set; } = "";

    public IPEndPoint? ReadAgentListen() => AgentListen.Length == 0 ? null : IPEndPoint.Parse(AgentListen);

    /// <summary>Where the local agent calls; empty is <c>run/agent.sock</c> in the data directory.</summary>
    public string AgentSocket { get; set; } = "";
}
