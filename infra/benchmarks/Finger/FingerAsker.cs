using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Panel.Bench.Finger;

/// <summary>A finger client that checks that it got an answer and that the server closed first.</summary>
internal static class FingerAsker
{
    private const int IpBindAddressNoPort = 24; // linux/in.h: the port is chosen at connect, so 32 addresses have 28,000 ports each.

    public static async Task<Socket> ConnectAsync(IPEndPoint server, int lane, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetRawSocketOption(0, IpBindAddressNoPort, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, 1, (byte)(1 + (lane % 32))]), 0));
        await socket.ConnectAsync(server, ct);
        return socket;
    }

    public static async Task AskAsync(IPEndPoint server, int lane, string handle, CancellationToken ct)
    {
        using var socket = await ConnectAsync(server, lane, ct);
        await socket.SendAsync(Encoding.ASCII.GetBytes(handle + "\r\n"), ct);
        var answer = new byte[2048];
        var length = 0;
        for (int n; (n = await socket.ReceiveAsync(answer.AsMemory(length), ct)) > 0;)
        {
            length += n;
        }

        if (length < 100 || answer[length - 1] != '\n')
        {
            throw new InvalidOperationException($"{handle} got {length} bytes: {Encoding.UTF8.GetString(answer, 0, length)}");
        }
    }
}
