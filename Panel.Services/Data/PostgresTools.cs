using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Panel.Services.Data;

/// <summary>PostgreSQL's own programs against the house's database; the password goes by the environment, never by the list of processes.</summary>
internal static class PostgresTools
{
    /// <summary>Null when it ended well, else what it said.</summary>
    public static async Task<string?> RunAsync(string program, NpgsqlConnectionStringBuilder at, IEnumerable<string> arguments, CancellationToken ct)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
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
            await process.WaitForExitAsync(ct);
            await said;
            return process.ExitCode == 0 ? null : $"{program}: {(await error).Trim()}";
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return $"{program} could not be started: {missing.Message}";
        }
    }
}
