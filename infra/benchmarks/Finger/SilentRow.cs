using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Panel.Bench.Finger;

/// <param name="Bytes">Resident memory that one silent connection takes in the server's process; the kernel's own is not in it.</param>
/// <param name="WorstMilliseconds">99 of 100 new askers had their answer sooner, with all the silent ones connected.</param>
public sealed record SilentFigures(int Connections, double Bytes, double WorstMilliseconds);

/// <summary>10,000 connections that say nothing, to a finger server in a process of its own, and people who ask meanwhile.</summary>
public static class SilentRow
{
    /// <summary>The argument by which this program becomes the server.</summary>
    public const string Serve = "serve-finger";

    private const int Connections = 10_000, Askers = 500, Accounts = 100;

    public static async Task<SilentFigures> MeasureAsync(CancellationToken ct = default)
    {
        using var server = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(SilentRow).Assembly.Location, Serve]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        var silent = new List<Socket>();
        try
        {
            var point = new IPEndPoint(IPAddress.Loopback, int.Parse((await server.StandardOutput.ReadLineAsync(ct))!, CultureInfo.InvariantCulture));
            for (var i = 0; i < Askers; i++)
            {
                await FingerAsker.AskAsync(point, i, PanelFinger.HandleOf(i % Accounts), ct);
            }

            var before = Resident(server.Id);
            while (silent.Count < Connections)
            {
                silent.Add(await FingerAsker.ConnectAsync(point, silent.Count, ct));
            }

            var times = new List<double>();
            for (var i = 0; i < Askers; i++)
            {
                var started = Stopwatch.GetTimestamp();
                await FingerAsker.AskAsync(point, i, PanelFinger.HandleOf(i % Accounts), ct);
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            times.Sort();
            return new SilentFigures(Connections, (Resident(server.Id) - before) / (double)Connections, times[Askers * 99 / 100]);
        }
        finally
        {
            silent.ForEach(s => s.Dispose());
            server.StandardInput.Close();
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The server's side: prints its port and serves until its input ends.</summary>
    public static async Task<int> ServeAsync()
    {
        await using var panel = await PanelFinger.StartAsync(Accounts, CancellationToken.None, patience: TimeSpan.FromMinutes(5));
        Console.WriteLine(panel.EndPoint.Port);
        await Console.In.ReadToEndAsync();
        return 0;
    }

    private static long Resident(int pid) =>
        long.Parse(File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
