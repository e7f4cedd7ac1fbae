using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Panel.Services.Finger;

/// <summary>One asker as far as limits go: an IPv4 address, or the /64 that one IPv6 subscriber has to himself.</summary>
internal readonly record struct AddressBlock(bool V6, ulong Bits)
{
    public static AddressBlock Of(EndPoint? from)
    {
        var address = (from as IPEndPoint)?.Address ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new AddressBlock(true, BinaryPrimitives.ReadUInt64BigEndian(bytes))
            : new AddressBlock(false, BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }

    /// <summary>What a log may keep: the /24 or the /48, which names a neighbourhood and no person.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (V6)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Bits & ~0xFFFFUL);
            return new IPAddress(bytes) + "/48";
        }

        BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)Bits & 0xFFFFFF00);
        return new IPAddress(bytes[..4]) + "/24";
    }
}
