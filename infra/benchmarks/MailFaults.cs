using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Panel.Bench;

/// <summary>The long fault runs: the crash harnesses of the tests at full length, with their table. Takes up to an hour.</summary>
internal static class MailFaults
{
    private const string Head = "| run | mails | kills | lost | twice | unknown | at most | adds up |\n|---|---|---|---|---|---|---|---|\n";

    public static async Task<int> RunAsync(int mails, int kills)
    {
        var table = Path.Combine(Path.GetDirectoryName(Here())!, "FAULTS.md");
        await File.WriteAllTextAsync(table, string.Create(CultureInfo.InvariantCulture, $"# Faults: kill -9 while an issue goes out\n\n{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores.\n\n{Head}"));
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "test", Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "Panel.Tests")), "--filter", "FullyQualifiedName~CrashTests|FullyQualifiedName~TwoNodeTests" },
        };
        start.Environment["PANEL_CRASH_MAILS"] = mails.ToString(CultureInfo.InvariantCulture);
        start.Environment["PANEL_CRASH_KILLS"] = kills.ToString(CultureInfo.InvariantCulture);
        start.Environment["PANEL_POSTFIX_MAILS"] = (mails * 10).ToString(CultureInfo.InvariantCulture);
        start.Environment["PANEL_CRASH_MINUTES"] = "90";
        start.Environment["PANEL_CRASH_TABLE"] = table;
        using var run = Process.Start(start)!;
        await run.WaitForExitAsync();
        Console.Write(await File.ReadAllTextAsync(table));
        return run.ExitCode;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
