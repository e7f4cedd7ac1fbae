using System.Runtime.InteropServices;

namespace Panel.Agent;

/// <summary>Tells when one of many descriptors becomes readable, once per arming (epoll(7) with EPOLLONESHOT). .NET can
/// accept on a listener but not wait for somebody to knock.</summary>
internal sealed partial class Readiness : IDisposable
{
    private const int Add = 1, Modify = 3, Exists = 17, CloseOnExec = 0x80000;
    private const uint In = 1, OneShot = 1u << 30;

    // struct epoll_event is packed on x86-64 only (sys/epoll.h).
    private static readonly int Data = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int Size = Data + 8;

    private readonly int epoll = epoll_create1(CloseOnExec);

    public void Arm(int fd, int token)
    {
        Span<byte> ask = stackalloc byte[16];
        BitConverter.TryWriteBytes(ask, In | OneShot);
        BitConverter.TryWriteBytes(ask[Data..], (long)token);
        ref var first = ref MemoryMarshal.GetReference(ask);
        if (epoll_ctl(epoll, Add, fd, ref first) != 0)
        {
            Native.Check(Marshal.GetLastPInvokeError() == Exists ? epoll_ctl(epoll, Modify, fd, ref first) : -1, "watch", "a descriptor");
        }
    }

    /// <summary>The token of one readable descriptor, or null after <paramref name="milliseconds"/>.</summary>
    public int? Wait(int milliseconds)
    {
        Span<byte> found = stackalloc byte[16];
        return epoll_wait(epoll, ref MemoryMarshal.GetReference(found), 1, milliseconds) == 1 ? (int)BitConverter.ToInt64(found.Slice(Data, Size - Data)) : null;
    }

    public void Dispose() => _ = Native.close(epoll);

    [LibraryImport("libc", SetLastError = true)] private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)] private static partial int epoll_ctl(int epoll, int operation, int fd, ref byte ask);

    [LibraryImport("libc", SetLastError = true)] private static partial int epoll_wait(int epoll, ref byte found, int most, int milliseconds);
}
