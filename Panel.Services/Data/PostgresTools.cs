using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Panel.Services.Data;

/// <summary>PostgreSQL's own programs against the house's database; the password goes by the environment, never by the list of processes.</summary>
internal static class PostgresTools
{
    /// <summary>Null when it ended well, else what it said.</summary>
    /// <param name="input">What it reads.</param>
    /// <param name="user">With whose rights it runs when root calls; a script may tell psql to run programs.</param>
    public static async Task<string?> RunAsync(
        string program, NpgsqlConnectionStringBuilder at, IEnumerable<string> arguments, CancellationToken ct, Stream? input = null, (uint Uid, uint Gid)? user = null)
    {
        var start = new ProcessStartInfo(user is null ? program : "setpriv") { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = input is not null };
        if (user is { } other)
        {
            foreach (var argument in new[] { string.Create(CultureInfo.InvariantCulture, $"--reuid={other.Uid}"), string.Create(CultureInfo.InvariantCulture, $"--regid={other.Gid}"), "--clear-groups", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--", program })
            {
                start.ArgumentList.Add(argument);
            }
        }

        string[] given = ["-w", "-h", at.Host ?? "localhost", "-p", at.Port.ToString(CultureInfo.InvariantCulture), "-U", at.Username ?? "postgres", "-d", at.Database ?? "postgres"];
        foreach (var argument in given.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PGPASSWORD"] = at.Password ?? "";
        try
        {
            using var process = Process.Start(start)!;
            var (said, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await GiveAsync(process, input, ct);
            await process.WaitForExitAsync(ct);
            await said;
            return process.ExitCode == 0 ? null : $"{program}: {(await error).Trim()}";
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return $"{program} could not be started: {missing.Message}";
        }
    }

    private static async Task GiveAsync(Process process, Stream? input, CancellationToken ct)
    {
        if (input is null)
        {
            return;
        }

        try
        {
            await input.CopyToAsync(process.StandardInput.BaseStream, ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all; what it said says why.
        }
    }
}
