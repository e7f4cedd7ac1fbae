using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Panel.Agent;

/// <summary>The calls of the C library that .NET has no name for.</summary>
internal static partial class Native
{
    public const int SigInt = 2, SigQuit = 3, SigKill = 9, SigTerm = 15, SigHup = 1, SigUsr1 = 10, SigCont = 18, SigStop = 19;
    private const int AtFdcwd = -100, AtSymlinkNofollow = 0x100, Exchange = 2;

    [LibraryImport("libc")] public static partial uint geteuid();

    [LibraryImport("libc")] public static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)] public static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)] public static partial int waitpid(int pid, out int status, int options);

    [LibraryImport("libc", SetLastError = true)] public static partial int pidfd_open(int pid, uint flags);

    [LibraryImport("libc", SetLastError = true)] public static partial int pidfd_getfd(int pidfd, int theirs, uint flags);

    [LibraryImport("libc", SetLastError = true)] public static partial int close(int fd);

    /// <summary>Changes the owner of the thing itself, never of what a link points to.</summary>
    public static void Own(string path, int uid, int gid) => Check(lchown(path, (uint)uid, (uint)gid), "chown", path);

    /// <summary>Replaces whatever lies at <paramref name="to"/> in one step.</summary>
    public static void Rename(string from, string to) => Check(rename(from, to), "rename", $"{from} to {to}");

    /// <summary>Swaps two existing paths in one step.</summary>
    public static void Swap(string one, string other) => Check(renameat2(AtFdcwd, one, AtFdcwd, other, Exchange), "swap", $"{one} with {other}");

    /// <summary>The path with every link resolved, or the path itself when it does not exist.</summary>
    public static string RealPath(string path)
    {
        var found = realpath(path, IntPtr.Zero);
        if (found == IntPtr.Zero)
        {
            return path;
        }

        var text = Marshal.PtrToStringUTF8(found)!;
        free(found);
        return text;
    }

    /// <summary>Owner, group and mode bits of the thing itself; null when there is none.</summary>
    public static (int Uid, int Gid, int Mode, bool IsDirectory)? Look(string path)
    {
        Span<byte> found = stackalloc byte[256];
        // 0x1f: STATX_TYPE, MODE, NLINK, UID, GID; offsets from linux/stat.h, the same on every architecture.
        if (statx(AtFdcwd, path, AtSymlinkNofollow, 0x1f, ref MemoryMarshal.GetReference(found)) != 0)
        {
            return null;
        }

        var mode = BitConverter.ToUInt16(found[28..]);
        return (BitConverter.ToInt32(found[20..]), BitConverter.ToInt32(found[24..]), mode & 0xFFF, (mode & 0xF000) == 0x4000);
    }

    /// <summary>What changes whenever a file does; empty when there is none, with <c>!</c> in front when it is no regular file.</summary>
    public static string Stamp(string path)
    {
        Span<byte> found = stackalloc byte[256];
        // 0x383: STATX_TYPE, MODE, CTIME, INO, SIZE.
        if (statx(AtFdcwd, path, AtSymlinkNofollow, 0x383, ref MemoryMarshal.GetReference(found)) != 0)
        {
            return "";
        }

        var regular = (BitConverter.ToUInt16(found[28..]) & 0xF000) == 0x8000 ? "" : "!";
        return $"{regular}{BitConverter.ToInt64(found[32..])} {BitConverter.ToInt64(found[40..])} {BitConverter.ToInt64(found[96..])} {BitConverter.ToInt32(found[104..])}";
    }

    /// <summary>As <c>setfacl -m u:UID:x</c> on a directory of mode 0750: version 2, then tag, rights and id of owner, user, group,
    /// mask and others (linux/posix_acl_xattr.h).</summary>
    public static void LetThrough(string directory, int uid)
    {
        Span<byte> acl = stackalloc byte[4 + (5 * 8)];
        BinaryPrimitives.WriteInt32LittleEndian(acl, 2);
        var at = 4;
        foreach (var (tag, rights, id) in new[] { (0x01, 7, -1), (0x02, 1, uid), (0x04, 5, -1), (0x10, 5, -1), (0x20, 0, -1) })
        {
            BinaryPrimitives.WriteInt16LittleEndian(acl[at..], (short)tag);
            BinaryPrimitives.WriteInt16LittleEndian(acl[(at + 2)..], (short)rights);
            BinaryPrimitives.WriteInt32LittleEndian(acl[(at + 4)..], id);
            at += 8;
        }

        Check(lsetxattr(directory, "system.posix_acl_access", ref acl[0], (nuint)acl.Length, 0), "set the access list of", directory);
    }

    /// <summary>After every change of the file system that this class makes.</summary>
    public static void Check(int result, string what, string where)
    {
        Fault.Point();
        if (result < 0)
        {
            throw new MachineException($"Could not {what} {where}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial IntPtr realpath(string path, IntPtr buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int lsetxattr(string path, string name, ref byte value, nuint size, int flags);

    [LibraryImport("libc")] private static partial void free(IntPtr memory);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int statx(int directory, string path, int flags, uint mask, ref byte found);
}
