using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Panel.Agent;

internal sealed record Ran(int Code, string Output, string Error)
{
    /// <summary>What the program said when it failed, on one line, for people.</summary>
    public string Reason => string.Join(' ', (Error.Trim().Length > 0 ? Error : Output).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>Runs a short-lived program with an argument list and a clean environment. Never through a shell.</summary>
internal static class Commands
{
    private const int MostOutput = 64 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Ran Try(string program, params IReadOnlyList<string> arguments) => TryWith("", program, arguments);

    /// <summary>In front of a member's program: 128 processes of the member at once, no core files, no way to more rights.</summary>
    public static IReadOnlyList<string> As(int uid, params IEnumerable<string> command) =>
    [
        "/usr/bin/prlimit", "--nproc=128", "--core=0", "--",
        "/usr/bin/setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", .. command,
    ];

    public static Process Start(IReadOnlyList<string> command, string directory = "/", IReadOnlyDictionary<string, string>? environment = null, Encoding? bytes = null)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory,
            StandardInputEncoding = bytes,
            StandardOutputEncoding = bytes,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>What a program of a member's says on both streams, to its end, of which the first 64 KiB are kept.</summary>
    public static async Task<string> ReadAsync(Process process)
    {
        var said = ReadAsync(process.StandardOutput.BaseStream, process.StandardError.BaseStream);
        await process.WaitForExitAsync();
        return await said;
    }

    public static async Task<string> ReadAsync(params IEnumerable<Stream> streams)
    {
        var kept = new MemoryStream();
        async Task TakeAsync(Stream from)
        {
            var buffer = new byte[8192];
            while (await from.ReadAsync(buffer) is var read and > 0)
            {
                lock (kept)
                {
                    kept.Write(buffer, 0, Math.Min(read, MostOutput - (int)kept.Length));
                }
            }
        }

        await Task.WhenAll(streams.Select(TakeAsync));
        return System.Text.Encoding.UTF8.GetString(kept.ToArray());
    }

    /// <param name="bytes">The encoding of what goes in and comes out, when it is bytes and not words.</param>
    /// <param name="patience">A minute without it.</param>
    public static Ran TryWith(string input, string program, IReadOnlyList<string> arguments, Encoding? bytes = null, TimeSpan? patience = null)
    {
        Fault.Point();
        try
        {
            using var process = Start([program, .. arguments], bytes: bytes);
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            Feed(process.StandardInput, input);
            if (!process.WaitForExit(patience ?? Patience))
            {
                process.Kill(entireProcessTree: true);
                return new Ran(-1, "", $"{program} did not finish within {(patience ?? Patience).TotalSeconds:0} seconds");
            }

            return new Ran(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
        catch (Win32Exception missing)
        {
            return new Ran(-1, "", $"{program} could not be started: {missing.Message}");
        }
    }

    private static void Feed(StreamWriter standardInput, string input)
    {
        try
        {
            standardInput.Write(input);
            standardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it; its exit code says why.
        }
    }

    /// <summary>Throws <see cref="MachineException"/> with the program's own words when it fails.</summary>
    public static string Run(string program, params IReadOnlyList<string> arguments)
    {
        var ran = Try(program, arguments);
        return ran.Code == 0 ? ran.Output : throw new MachineException($"{program} {(arguments.Count > 0 ? arguments[0] : "")}: {ran.Reason}");
    }
}
