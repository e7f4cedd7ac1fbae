using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Bench.Finger;

/// <param name="First">Seconds of the refresh in which every answer is new, its messages stored.</param>
/// <param name="Again">Seconds when nothing has changed, median of the rounds after the warm-up.</param>
/// <param name="Limit">Addresses per host times the latency: what one question at a time must take.</param>
/// <param name="Cpu">Microseconds of processor time per address when nothing has changed, the answering side included; steadier than times on a busy machine.</param>
public sealed record RefreshFigures(double First, double Again, double Limit, double Cpu);

/// <summary>Refreshes 1,000 followed addresses on 100 hosts (addresses of loopback) that take 50 ms each for an answer.</summary>
public static class RefreshRow
{
    private const int Hosts = 100, PerHost = 10, WarmUps = 5, Rounds = 5;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);

    public static async Task<RefreshFigures> MeasureAsync(CancellationToken ct = default)
    {
        var folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
        using var server = new TcpListener(IPAddress.Any, 0);
        server.Start(1024);
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var serving = ServeAsync(server, stop.Token);
        try
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore();
            builder.Configuration.AddInMemoryCollection(
            [
                new("Panel:Data", folder), new("Finger:Listen", ""), new("Finger:Host", "collective.example"),
                new("Finger:Follow:Networks", "127.0.0.0/8"), new("Finger:Follow:Ports", "1024-65535"),
            ]);
            builder.Services.AddLogging().AddData(builder.Configuration).AddMembers().AddFinger(builder.Configuration).AddHosting(builder.Configuration);
            await using var app = builder.Build();
            await FillAsync(app, port, ct);
            var (times, cpu) = (new List<double>(), TimeSpan.Zero);
            for (var round = 0; round < WarmUps + Rounds; round++)
            {
                var used = Environment.CpuUsage.TotalTime;
                times.Add(await OnceAsync(app, ct));
                cpu = Environment.CpuUsage.TotalTime - used;
            }

            var again = times.Skip(WarmUps).Order().ToList();
            return new RefreshFigures(times[0], again[again.Count / 2], PerHost * Latency.TotalSeconds, cpu.TotalMicroseconds / (Hosts * PerHost));
        }
        finally
        {
            await stop.CancelAsync();
            server.Stop();
            await serving;
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> OnceAsync(WebApplication app, CancellationToken ct)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var now = DateTime.UtcNow;
        await scope.ServiceProvider.GetRequiredService<PanelDb>().Set<FingerRemote>().ExecuteUpdateAsync(set => set.SetProperty(r => r.DueAt, now), ct);
        var clock = Stopwatch.StartNew();
        var run = await scope.ServiceProvider.GetRequiredService<Refreshes>().RunAsync(Actor.Job, ct);
        return run.Value is { Asked: Hosts * PerHost, Failed: 0 } ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"The refresh went wrong: {run.Value} {run.Refused}");
    }

    private static async Task FillAsync(WebApplication app, int port, CancellationToken ct)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync(ct);
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var ann = new Member { UserName = "ann", NormalizedUserName = "ANN", Email = "ann@example.org", PackageId = await db.Set<Package>().Select(p => p.Id).FirstAsync(ct), CreatedAt = DateTime.UtcNow };
        db.Add(ann);
        await db.SaveChangesAsync(ct);
        for (var i = 0; i < Hosts * PerHost; i++)
        {
            var host = string.Create(CultureInfo.InvariantCulture, $"127.0.2.{1 + (i % Hosts)}");
            var address = string.Create(CultureInfo.InvariantCulture, $"user{i}@{host}:{port}");
            db.Add(new FingerRemote { Address = address, Host = host, DueAt = DateTime.UtcNow });
            db.Add(new FingerFollow { MemberId = ann.Id, Address = address, Nick = $"user{i}", FollowedAt = DateTime.UtcNow });
        }

        await db.SaveChangesAsync(ct);
    }

    private static async Task ServeAsync(TcpListener server, CancellationToken ct)
    {
        var answer = Encoding.ASCII.GetBytes("Name: Somebody\r\nPlan:\r\n{\"messages\":[\r\n" +
            string.Join(",\r\n", Enumerable.Range(0, 20).Select(i => $"{{\"text\": \"Message {i} about nothing much\", \"time\": \"{20260101000000 + i}\"}}")) + "\r\n]}\r\n");
        try
        {
            while (true)
            {
                _ = AnswerAsync(await server.AcceptSocketAsync(ct), answer, ct);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException)
        {
            // The row is over.
        }
    }

    private static async Task AnswerAsync(Socket socket, byte[] answer, CancellationToken ct)
    {
        using (socket)
        {
            await socket.ReceiveAsync(new byte[512], ct);
            await Task.Delay(Latency, ct);
            await socket.SendAsync(answer, ct);
        }
    }
}
