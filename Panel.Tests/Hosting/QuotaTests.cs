using System.Diagnostics;

namespace Panel.Tests.Hosting;

/// <summary>Limits of ext4 and xfs, which the kernel of a test machine may not know: in Debian's user-mode Linux, which does.</summary>
public class QuotaTests
{
    private const long DiskBytes = 340L << 20; // mkfs.xfs makes nothing smaller than 300 MiB.

    [RootFact]
    public async Task Class_15_on_ext4_and_xfs_a_member_stops_at_the_limit_wherever_the_files_lie_and_whatever_project_they_claim()
    {
        using var folder = new TempFolder();
        foreach (var disk in new[] { "ext4", "xfs" })
        {
            using var image = new FileStream(folder.In(disk), FileMode.CreateNew);
            image.SetLength(DiskBytes);
        }

        var (ext4, words) = await RunAsync("mkfs.ext4", "-q", "-F", "-O", "quota,project", "-E", "quotatype=usrquota:prjquota", folder.In("ext4"));
        Assert.True(ext4 == 0, words);
        var (xfs, said) = await RunAsync("mkfs.xfs", "-q", folder.In("xfs"));
        Assert.True(xfs == 0, said);

        var here = AppContext.BaseDirectory;
        var (_, output) = await RunAsync(
            "linux.uml", "mem=900M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet", "con=null", "con0=null,fd:1", $"ubda={folder.In("ext4")}", $"ubdb={folder.In("xfs")}",
            $"PANEL_DOTNET={Environment.ProcessPath}", $"PANEL_PROOF={Path.Combine(here, "Panel.Tests.dll")}", $"init={Path.Combine(here, "Hosting", "own-kernel")}");

        foreach (var kind in new[] { "ext4", "xfs" })
        {
            var start = output.IndexOf($"kind {kind} ", StringComparison.Ordinal);
            Assert.True(start >= 0, output);
            var found = output[start..].ReplaceLineEndings("\n").Split('\n').Take(9);
            Assert.Equal(
                [$"kind {kind} enforces True", "limit 16777216", "nothing yet True", "below written", "renumbered 0", "elsewhere written", "above refused", "used True", "lifted written"], found);
        }

        Assert.Contains("the end", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(late.Token), process.StandardError.ReadToEndAsync(late.Token));
            var text = await output + await errors;
            await process.WaitForExitAsync(late.Token);
            return (process.ExitCode, text);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
