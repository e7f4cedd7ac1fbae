using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Panel.Bench;

/// <summary>The long fault runs of mail: the harnesses of the tests at full size, each with its table in FAULTS-*.md.</summary>
internal static class MailFaults
{
    private const string Crashes = "| run | mails | kills | lost | twice | unknown | at most | adds up |\n|---|---|---|---|---|---|---|---|\n";
    private const string Relay = "| run | report | the sink's own count |\n|---|---|---|\n";
    private const string Leaves = "| run | answers | mails | broken promises |\n|---|---|---|---|\n";

    public static async Task<int> AllAsync() =>
        await CrashesAsync(10_000, 200) | await ImportsAsync(1_000_000, 10) | await RelayAsync(100_000) | await LeavesAsync(20_000) | await ErasuresAsync(2_000_000, 500_000, 20);

    /// <summary>kill -9 at random while an issue goes out (F1, F2).</summary>
    public static Task<int> CrashesAsync(int mails, int kills) => RunAsync(
        "mail", "kill -9 while an issue goes out", Crashes, "FullyQualifiedName~.CrashTests|FullyQualifiedName~TwoNodeTests", ("MAILS", mails), ("KILLS", kills));

    /// <summary>kill -9 while a file is imported (F17).</summary>
    public static Task<int> ImportsAsync(int people, int kills) => RunAsync(
        "import", "kill -9 while people are imported", "| run | people | kills | added |\n|---|---|---|---|\n", "FullyQualifiedName~ImportCrashTests", ("IMPORT_PEOPLE", people), ("IMPORT_KILLS", kills));

    /// <summary>A member with a large ledger is erased while others write, and it is broken off again and again.</summary>
    public static Task<int> ErasuresAsync(int sqlite, int postgres, int cuts) => RunAsync(
        "erasure", "a huge member is erased while others write", "| run | rows of ledger | broken off | took | writes of others | longest wait of one |\n|---|---|---|---|---|---|\n", "FullyQualifiedName~ErasureLoadTests",
        ("ERASURE_SQLITE", sqlite), ("ERASURE_POSTGRES", postgres), ("ERASURE_CUTS", cuts));

    /// <summary>A whole issue through a real Postfix; the database restarts in the middle.</summary>
    public static Task<int> RelayAsync(int mails) => RunAsync(
        "postfix", "an issue through real Postfix, the database restarted", Relay, "FullyQualifiedName~RelayRestartTests", ("MAILS", mails));

    /// <summary>500 one-click POSTs a second while mail goes out and the database is away for half a minute (U12, U8).</summary>
    public static Task<int> LeavesAsync(int leaves) => RunAsync(
        "optout", "one-click while mail goes out and the database is away", Leaves, "FullyQualifiedName~LeaveLoadTests", ("LEAVES", leaves), ("LEAVES_SECOND", 500), ("LEAVES_AWAY", 30));

    internal static async Task<int> RunAsync(string name, string title, string head, string filter, params (string Name, int Value)[] sizes)
    {
        var table = Path.Combine(Path.GetDirectoryName(Here())!, $"FAULTS-{name}.md");
        await File.WriteAllTextAsync(table, string.Create(CultureInfo.InvariantCulture, $"# Faults: {title}\n\n{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores.\n\n{head}"));
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { "test", Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "Panel.Tests")), "--filter", filter },
        };
        foreach (var (key, value) in sizes)
        {
            start.Environment[$"PANEL_FAULTS_{key}"] = value.ToString(CultureInfo.InvariantCulture);
        }

        start.Environment["PANEL_FAULTS_MINUTES"] = "20";
        start.Environment["PANEL_FAULTS_TABLE"] = table;
        var clock = Stopwatch.StartNew();
        using var run = Process.Start(start)!;
        await run.WaitForExitAsync();
        await File.AppendAllTextAsync(table, string.Create(CultureInfo.InvariantCulture, $"\n{(run.ExitCode == 0 ? "Held" : "**Did not hold**")}, {clock.Elapsed:mm\\:ss} minutes.\n"));
        Console.Write(await File.ReadAllTextAsync(table));
        return run.ExitCode;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
