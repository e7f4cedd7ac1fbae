using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Panel.Web.Doors;

/// <summary>The uid of the process at the other end of a Unix socket (SO_PEERCRED, unix(7)).</summary>
internal static partial class PeerUid
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>What TCP sockets answer (overflow uid and -1): nobody in particular, so never trusted.</summary>
    private static readonly uint[] Nobody = [65534, uint.MaxValue];

    public static uint Own => GetEuid();

    public static uint? Of(ConnectionContext connection) =>
        connection.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: AddressFamily.Unix } socket ? Of(socket) : null;

    public static uint? Of(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12]; // struct ucred: pid, uid, gid, each 32 bits.
        var length = socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        var uid = length == credentials.Length ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : uint.MaxValue;
        return Nobody.Contains(uid) ? null : uid;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEuid();
}
