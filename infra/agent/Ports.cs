using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panel.Agent;

internal sealed record Ports(int HttpPort, int HttpsPort, int SftpPort)
{
    public static IReadOnlyList<IPAddress> Loopbacks { get; } =
        [.. new[] { IPAddress.Loopback, IPAddress.IPv6Loopback }.Where(a => Bindable(a, 0))];

    /// <summary>The kept ports while the wish is the same and <paramref name="held"/> says our own daemon has them or they
    /// are free; else the wished ones, each moved to the next free one.</summary>
    public static Ports Choose(Ports wish, KeptPorts? kept, Func<int, bool> held)
    {
        var taken = new HashSet<int>();
        int Pick(int wanted, int? before)
        {
            if (before is { } port && (held(port) || Free(port)) && taken.Add(port))
            {
                return port;
            }

            for (port = wanted; ; port = port == 65535 ? 1024 : port + 1)
            {
                if (Free(port) && taken.Add(port))
                {
                    return port;
                }
            }
        }

        var same = kept?.Wish == wish ? kept.Chosen : null;
        return new Ports(Pick(wish.HttpPort, same?.HttpPort), Pick(wish.HttpsPort, same?.HttpsPort), Pick(wish.SftpPort, same?.SftpPort));
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.Ports);

    private static bool Free(int port) => Loopbacks.All(a => Bindable(a, port));

    private static bool Bindable(IPAddress address, int port)
    {
        try
        {
            // A kernel without IPv6 refuses the socket itself.
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>The ports of the last start beside the wish they came from; the agent's own copy, as Panel's data directory
/// belongs to a user that root does not take orders from.</summary>
internal sealed record KeptPorts(Ports Wish, Ports Chosen);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Ports))]
[JsonSerializable(typeof(KeptPorts))]
[JsonSerializable(typeof(Desired))]
internal sealed partial class StateJson : JsonSerializerContext;
