using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Panel.Services.Data;

/// <summary>Why a copy is not brought back, worded for the operator.</summary>
internal sealed class CopyRefusedException(string words) : Exception(words);

/// <summary>One copy of the house, read as what a stranger may have put there: root restores what an unprivileged program wrote. No link is
/// followed, and nothing is opened but plain files of the data's owner or of root.</summary>
internal sealed partial class CopyFolder : IDisposable
{
    private const int ReadOnly = 0, NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000, AtFdcwd = -100, AtEmptyPath = 0x1000, OpenAt2 = 437;

    /// <summary>RESOLVE_NO_MAGICLINKS, NO_SYMLINKS and BENEATH (linux/openat2.h).</summary>
    private const ulong Straight = 0x02 | 0x04 | 0x08;

    private readonly string name;
    private readonly uint owner;
    private readonly SafeFileHandle root;

    /// <param name="data">The directory of Panel's own data; whom it belongs to, a copy may belong to.</param>
    public CopyFolder(string copies, string name, string data)
    {
        (this.name, root) = (name, new SafeFileHandle(open(copies, PathOnly | CloseOnExec), ownsHandle: true));
        if (root.IsInvalid)
        {
            throw new CopyRefusedException($"{copies} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }

        (owner, Group) = Owner(data);
    }

    /// <summary>Group of the data's owner.</summary>
    public uint Group { get; }

    /// <summary>Whom Panel's data belongs to.</summary>
    public uint User => owner;

    /// <summary>A file of the copy, such as <c>keys/master</c>; null when there is none.</summary>
    public FileStream? Open(string file)
    {
        var how = new HowToOpen { Flags = ReadOnly | NonBlocking | CloseOnExec, Resolve = Straight };
        var descriptor = syscall(OpenAt2, (nint)root.DangerousGetHandle(), $"{name}/{file}", ref how, Marshal.SizeOf<HowToOpen>());
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError() switch
            {
                2 => null, // ENOENT
                40 or 18 => throw new CopyRefusedException($"The copy is refused: {file} is a link or leads out of it. A copy holds plain files only."), // ELOOP, EXDEV
                _ => throw new CopyRefusedException($"The copy is refused: {file} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}."),
            };
        }

        var handle = new SafeFileHandle((nint)descriptor, ownsHandle: true);
        if (Wrong(handle) is { } wrong)
        {
            handle.Dispose();
            throw new CopyRefusedException($"The copy is refused: {file} {wrong}");
        }

        return new FileStream(handle, FileAccess.Read);
    }

    public void Dispose() => root.Dispose();

    private string? Wrong(SafeFileHandle file)
    {
        var (mode, links, uid) = Look((int)file.DangerousGetHandle(), "", AtEmptyPath);
        return (mode & 0xF000) != 0x8000 ? "is no plain file."
            : links != 1 ? $"has {links} names; a file of a copy has one."
            : uid != 0 && uid != owner ? $"belongs to uid {uid}; expected is uid {owner}, whom Panel's data belongs to."
            : (mode & 0xC00) != 0 ? "is setuid or setgid; expected is mode 0600."
            : null;
    }

    private static (uint Uid, uint Gid) Owner(string path)
    {
        Span<byte> found = stackalloc byte[256];
        return statx(AtFdcwd, path, 0, 0x1f, ref MemoryMarshal.GetReference(found)) == 0 ? (BitConverter.ToUInt32(found[20..]), BitConverter.ToUInt32(found[24..]))
            : throw new CopyRefusedException($"{path} cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    // 0x1f: STATX_TYPE, MODE, NLINK, UID, GID; offsets from linux/stat.h, the same on every architecture.
    private static (int Mode, uint Links, uint Uid) Look(int at, string path, int flags)
    {
        Span<byte> found = stackalloc byte[256];
        return statx(at, path, flags, 0x1f, ref MemoryMarshal.GetReference(found)) == 0
            ? (BitConverter.ToUInt16(found[28..]), BitConverter.ToUInt32(found[16..]), BitConverter.ToUInt32(found[20..]))
            : throw new CopyRefusedException($"The copy cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct HowToOpen
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial nint syscall(nint number, nint directory, string path, ref HowToOpen how, nint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)] private static partial int statx(int directory, string path, int flags, uint mask, ref byte found);
}
