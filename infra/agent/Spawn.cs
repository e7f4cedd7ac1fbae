using System.Runtime.InteropServices;

namespace Panel.Agent;

/// <summary>Starts a program that must outlive the agent and needs an open socket: .NET's own Process can pass neither.</summary>
internal static partial class Spawn
{
    private const short SetSigDef = 0x04, SetSigMask = 0x08, SetSid = 0x80;
    private const int ReadOnly = 0, WriteOnly = 1;

    /// <summary>In a session of its own, standard streams on /dev/null, <paramref name="socket"/> as descriptor 3, nothing
    /// else inherited (everything .NET opens is close-on-exec). Returns the process id.</summary>
    public static unsafe int Detached(IReadOnlyList<string> command, IReadOnlyList<string> environment, int socket)
    {
        // Larger than glibc's own types (80, 336 and 128 bytes).
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[1024];
        byte* signals = stackalloc byte[256];
        Ok(posix_spawn_file_actions_init(actions));
        Ok(posix_spawnattr_init(attributes));
        var arguments = Strings(command);
        var variables = Strings(environment);
        try
        {
            Ok(posix_spawn_file_actions_adddup2(actions, socket, 3));
            Ok(posix_spawn_file_actions_addopen(actions, 0, "/dev/null", ReadOnly, 0));
            Ok(posix_spawn_file_actions_addopen(actions, 1, "/dev/null", WriteOnly, 0));
            Ok(posix_spawn_file_actions_adddup2(actions, 1, 2));
            Ok(posix_spawnattr_setflags(attributes, SetSigDef | SetSigMask | SetSid));
            _ = sigfillset(signals);
            Ok(posix_spawnattr_setsigdefault(attributes, signals));
            _ = sigemptyset(signals);
            Ok(posix_spawnattr_setsigmask(attributes, signals));
            fixed (IntPtr* argv = arguments, envp = variables)
            {
                Ok(posix_spawn(out var pid, command[0], actions, attributes, argv, envp));
                return pid;
            }
        }
        finally
        {
            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
            Array.ForEach(arguments, Marshal.FreeCoTaskMem);
            Array.ForEach(variables, Marshal.FreeCoTaskMem);
        }
    }

    private static IntPtr[] Strings(IReadOnlyList<string> texts) => [.. texts.Select(Marshal.StringToCoTaskMemUTF8), IntPtr.Zero];

    private static void Ok(int error)
    {
        if (error != 0)
        {
            throw new MachineException($"Could not start a program: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)] private static unsafe partial int posix_spawn(out int pid, string path, byte* actions, byte* attributes, IntPtr* argv, IntPtr* envp);

    [LibraryImport("libc")] private static unsafe partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")] private static unsafe partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")] private static unsafe partial int posix_spawn_file_actions_adddup2(byte* actions, int fd, int target);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)] private static unsafe partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")] private static unsafe partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")] private static unsafe partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")] private static unsafe partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")] private static unsafe partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")] private static unsafe partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")] private static unsafe partial int sigfillset(byte* signals);

    [LibraryImport("libc")] private static unsafe partial int sigemptyset(byte* signals);
}
