using System.Diagnostics;
using System.Text;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

/// <summary>The client that people have. It knows no port but that of <c>/etc/services</c>, so it gets its own in a mount namespace.</summary>
public class DebianFingerTests
{
    [Theory]
    [InlineData("ann@127.0.0.1", "[ann|False|]")]
    [InlineData("-l ann@127.0.0.1", "[ann|True|]")]
    [InlineData("@127.0.0.1", "[|False|]")]
    [InlineData("-l @127.0.0.1", "[|True|]")]
    [InlineData("ann@elsewhere.example@127.0.0.1", "[ann|False|elsewhere.example]")]
    public async Task R3_what_it_sends_is_understood(string arguments, string expected)
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo);

        Assert.EndsWith($"{expected}\n", await FingerAsync(server.EndPoint.Port, arguments.Split(' ')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R1_a_plan_of_64_KiB_arrives_whole()
    {
        var plan = string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i,6} {new string('x', 55)}\r\n"));
        await using var server = await FingerServer.StartAsync(FingerServer.Always(plan));

        Assert.Contains(plan.ReplaceLineEndings("\n"), await FingerAsync(server.EndPoint.Port, "ann@127.0.0.1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Netcat_gets_the_same_bytes()
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Always("Zürich\r\n"));

        Assert.Equal("Zürich\r\n", await RunAsync("nc", ["127.0.0.1", $"{server.EndPoint.Port}"], "ann\r\n"));
    }

    /// <summary>Runs Debian's finger against a port of this machine.</summary>
    internal static async Task<string> FingerAsync(int port, params string[] arguments)
    {
        var services = Path.GetTempFileName();
        await File.WriteAllTextAsync(services, $"finger {port}/tcp\n");
        try
        {
            return await RunAsync(
                "unshare",
                ["--map-root-user", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/services && exec finger \"$@\"", services, .. arguments]);
        }
        finally
        {
            File.Delete(services);
        }
    }

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string said = "")
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        })!;
        await process.StandardInput.WriteAsync(said);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await errors}");
        return await output;
    }
}
