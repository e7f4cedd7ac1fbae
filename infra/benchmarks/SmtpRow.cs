using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;
using Panel.Tests;

namespace Panel.Bench;

/// <summary>What one comparison of the bare client with Postfix's own load generator found.</summary>
/// <param name="OwnPerSecond">Messages per second of each run of our client, in order.</param>
/// <param name="SourcePerSecond">The same of <c>smtp-source -s 8 -d</c>; the runs took turns.</param>
/// <param name="BytesPerMessage">Managed memory allocated per message by our client.</param>
public sealed record SmtpFigures(IReadOnlyList<double> OwnPerSecond, IReadOnlyList<double> SourcePerSecond, double BytesPerMessage)
{
    /// <summary>Median against median; the target is 0.75 for a whole issue, so the bare client must be above it.</summary>
    public double Ratio => Median(OwnPerSecond) / Median(SourcePerSecond);

    private static double Median(IReadOnlyList<double> runs) => runs.Order().ElementAt(runs.Count / 2);
}

/// <summary>The row "bare own client into smtp-sink": no ledger, no rendering, 8 connections, 9 KB, against smtp-source in the same run.</summary>
public static class SmtpRow
{
    private const int Connections = 8;
    private const int Size = 9 * 1024;

    /// <summary>smtp-sink refuses to stay root.</summary>
    private static readonly string[] SinkUser = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];

    public static async Task<SmtpFigures> RunAsync(int messages = 20_000, int runs = 3, CancellationToken ct = default)
    {
        var port = FreePort.Take();
        using var sink = Start("/usr/sbin/smtp-sink", [.. SinkUser, $"127.0.0.1:{port}", "1000"]);
        try
        {
            await ListensAsync(port, ct);
            await OwnAsync(port, messages / 10, ct);
            await SourceAsync(port, messages / 10, ct);
            List<double> own = [], source = [];
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            for (var run = 0; run < runs; run++)
            {
                own.Add(await OwnAsync(port, messages, ct));
                source.Add(await SourceAsync(port, messages, ct));
            }

            return new SmtpFigures(own, source, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)(messages * runs));
        }
        finally
        {
            sink.Kill();
            await sink.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<double> OwnAsync(int port, int messages, CancellationToken ct)
    {
        var options = new MailOptions { Smtp = new SmtpOptions { Port = port, Hello = "bench.example", Connections = Connections } };
        var transport = new SmtpTransport(Options.Create(options), TimeProvider.System);
        var message = Message();
        var left = messages;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            var opening = await transport.OpenAsync(ct);
            await using var connection = opening.Connection ?? throw new InvalidOperationException(opening.Reply.Words);
            var more = Interlocked.Decrement(ref left) >= 0;
            while (more)
            {
                if (more = Interlocked.Decrement(ref left) >= 0)
                {
                    connection.AnnounceNext("from@bench.example", "to@bench.example", message);
                }

                var reply = await connection.SendAsync("from@bench.example", "to@bench.example", message, Yes, ct);
                if (reply.Result != MailResult.Accepted)
                {
                    throw new InvalidOperationException(reply.Words);
                }
            }
        }, ct)));
        return messages / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> SourceAsync(int port, int messages, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        using var source = Start("/usr/sbin/smtp-source", "-s", $"{Connections}", "-d", "-l", $"{Size}", "-m", messages.ToString(CultureInfo.InvariantCulture),
            "-f", "from@bench.example", "-t", "to@bench.example", $"127.0.0.1:{port}");
        await source.WaitForExitAsync(ct);
        return source.ExitCode == 0 ? messages / watch.Elapsed.TotalSeconds : throw new InvalidOperationException($"smtp-source ended with {source.ExitCode}.");
    }

    private static Task<bool> Yes(CancellationToken ct) => Task.FromResult(true);

    private static byte[] Message()
    {
        var line = new string('x', 70) + "\r\n";
        return System.Text.Encoding.ASCII.GetBytes("From: from@bench.example\r\nTo: to@bench.example\r\nSubject: bench\r\n\r\n" + string.Concat(Enumerable.Repeat(line, Size / line.Length)));
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new InvalidOperationException($"{program} does not start.");

    private static async Task ListensAsync(int port, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20, deadline.Token);
            }
        }
    }
}
