using System.Net;
using System.Net.Sockets;

namespace Panel.Tests;

/// <summary>Ports for servers that bind theirs later. They lie below the range from which Linux takes a port for whoever asks
/// for any (net.ipv4.ip_local_port_range begins at 32768), and none is given twice in a run, so that nothing beside it takes
/// one before its server does. Two that follow each other lie apart: an agent that finds its port taken goes to the next one.</summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // No divisor of the count, so that every port has its turn.
    private const int Apart = 77;

    private static int turn = Random.Shared.Next(Count);

    /// <summary>A port that nobody listens at on this machine, by TCP or by UDP.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref turn) * (long)Apart % Count);
            try
            {
                using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                tcp.Bind(new IPEndPoint(IPAddress.Any, port));
                udp.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}
