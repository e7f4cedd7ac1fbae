using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Panel.Agent;

/// <summary>The calls of btrfs that every new account needs (linux/btrfs.h): a program for each would cost more than the account.</summary>
internal static partial class Btrfs
{
    // _IOW and _IOR of the magic 0x94: size of the structure, magic, number.
    private const nuint CreateSubvolume = 0x50009418, CreateGroup = 0x4010942A, LimitGroup = 0x8030942B;
    private const ulong Inherit = 4, MostReferenced = 1;
    private const int CloseOnExec = 0x80000;

    /// <summary>A subvolume in the quota group 1/UID, which is made first unless it is there.</summary>
    public static void MakeSubvolume(string parent, string name, int uid)
    {
        Span<byte> group = stackalloc byte[16], inherit = stackalloc byte[80];
        BinaryPrimitives.WriteUInt64LittleEndian(group, 1);
        BinaryPrimitives.WriteUInt64LittleEndian(group[8..], GroupOf(uid));
        using var directory = Open(parent);
        _ = ioctl((int)directory.DangerousGetHandle(), CreateGroup, ref group[0]);
        BinaryPrimitives.WriteUInt64LittleEndian(inherit[8..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(inherit[72..], GroupOf(uid));
        Span<byte> arguments = stackalloc byte[4096];
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], Inherit);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[24..], (ulong)inherit.Length);
        unsafe
        {
            fixed (byte* at = inherit)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(arguments[32..], (ulong)at);
                System.Text.Encoding.UTF8.GetBytes(name, arguments[56..^1]);
                Native.Check(ioctl((int)directory.DangerousGetHandle(), CreateSubvolume, ref arguments[0]), "make the subvolume", name);
            }
        }
    }

    public static void Limit(string parent, int uid, long? bytes)
    {
        Span<byte> arguments = stackalloc byte[48];
        arguments.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(arguments, GroupOf(uid));
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[8..], MostReferenced);
        BinaryPrimitives.WriteUInt64LittleEndian(arguments[16..], bytes is { } most ? (ulong)most : ulong.MaxValue);
        using var directory = Open(parent);
        Native.Check(ioctl((int)directory.DangerousGetHandle(), LimitGroup, ref arguments[0]), "limit the quota group of", $"{uid}");
    }

    /// <summary>The level is in the upper 16 bits.</summary>
    private static ulong GroupOf(int uid) => (1UL << 48) | (uint)uid;

    private static Microsoft.Win32.SafeHandles.SafeFileHandle Open(string directory)
    {
        var handle = open(directory, CloseOnExec);
        return handle >= 0 ? new(handle, ownsHandle: true) : throw new MachineException($"Could not open {directory}: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)] private static partial int ioctl(int file, nuint request, ref byte arguments);
}
