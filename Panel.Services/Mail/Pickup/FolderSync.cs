using System.Runtime.InteropServices;
using System.Text;

namespace Panel.Services.Mail.Pickup;

/// <summary>Makes a rename last: the folder's own entry must reach the disk too (fsync(2)), which .NET has no call for.</summary>
internal static class FolderSync
{
    private const int ReadOnlyDirectory = 0x10000;

    public static void Flush(string folder)
    {
        var handle = open(Encoding.UTF8.GetBytes($"{folder}\0"), ReadOnlyDirectory);
        if (handle < 0)
        {
            throw new IOException($"The folder {folder} cannot be opened to be synced (errno {Marshal.GetLastPInvokeError()}).");
        }

        try
        {
            if (fsync(handle) != 0)
            {
                throw new IOException($"The folder {folder} cannot be synced (errno {Marshal.GetLastPInvokeError()}).");
            }
        }
        finally
        {
            _ = close(handle);
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int fsync(int handle);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int close(int handle);
}
