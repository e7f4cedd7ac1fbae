using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Panel.Tests;

namespace Panel.Bench.Mail;

/// <summary>Postfix's smtp-sink on a free port: takes everything and keeps nothing.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly Process process;

    private Sink(int port, Process process) => (Port, this.process) = (port, process);

    public int Port { get; }

    public static async Task<Sink> StartAsync()
    {
        var port = FreePort.Take();
        // It refuses to stay root.
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        var process = Process.Start("/usr/sbin/smtp-sink", [.. user, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "1024"]);
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", port);
                return new Sink(port, process);
            }
            catch (SocketException) when (clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                // Not yet.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
