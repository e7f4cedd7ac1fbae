using System.ComponentModel;
using System.Diagnostics;

namespace Panel.Agent;

internal sealed record Ran(int Code, string Output, string Error)
{
    /// <summary>What the program said when it failed, on one line, for people.</summary>
    public string Reason => string.Join(' ', (Error.Trim().Length > 0 ? Error : Output).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>Runs a short-lived program with an argument list and a clean environment. Never through a shell.</summary>
internal static class Commands
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Ran Try(string program, params IReadOnlyList<string> arguments) => TryWith("", program, arguments);

    public static Ran TryWith(string input, string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                return new Ran(-1, "", $"{program} did not finish within {Patience.TotalSeconds:0} seconds");
            }

            return new Ran(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
        }
        catch (Win32Exception missing)
        {
            return new Ran(-1, "", $"{program} could not be started: {missing.Message}");
        }
    }

    /// <summary>Throws <see cref="MachineException"/> with the program's own words when it fails.</summary>
    public static string Run(string program, params IReadOnlyList<string> arguments)
    {
        var ran = Try(program, arguments);
        return ran.Code == 0 ? ran.Output : throw new MachineException($"{program} {(arguments.Count > 0 ? arguments[0] : "")}: {ran.Reason}");
    }
}
