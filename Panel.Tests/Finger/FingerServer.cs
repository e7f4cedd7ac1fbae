using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Panel.Services.Finger;

namespace Panel.Tests.Finger;

/// <summary>How a client hands over its bytes.</summary>
public enum Pace
{
    Whole,
    ByLine,
    ByByte,
}

/// <summary>The real server on a free port of loopback, answering from whatever the test gives it.</summary>
internal sealed class FingerServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FingerServer(WebApplication app) => _app = app;

    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    public IServiceProvider Services => _app.Services;

    public static async Task<FingerServer> StartAsync(
        AnswerFinger answer, Action<FingerOptions>? options = null, TimeProvider? time = null, ILoggerProvider? log = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Configuration.AddInMemoryCollection([new("Finger:Listen", "127.0.0.1:0"), new("Finger:Host", "here.example")]);
        builder.Services.AddSingleton(answer);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddFingerServer(builder.Configuration);
        builder.Services.Configure(options ?? (_ => { }));
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        var server = new FingerServer(builder.Build());
        await server._app.StartAsync();
        var address = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        server.EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(address).Port);
        return server;
    }

    public static AnswerFinger Always(string text) => (_, _) => new(new FingerAnswer(FingerResult.Shown, Encoding.UTF8.GetBytes(text)));

    /// <summary>Says how the line was understood.</summary>
    public static ValueTask<FingerAnswer> Echo(FingerQuery query, CancellationToken ct) =>
        new(new FingerAnswer(FingerResult.Shown, Encoding.UTF8.GetBytes($"[{query.Name}|{query.Wide}|{string.Join(',', query.Hosts)}]\r\n")));

    public async Task<Socket> ConnectAsync(IPAddress? from = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(EndPoint);
        return socket;
    }

    public Task<string> SayAsync(string line, Pace pace = Pace.Whole) => SayAsync(Encoding.UTF8.GetBytes(line), pace);

    /// <summary>Sends and reads until the server closes; what came back must be whole UTF-8.</summary>
    public async Task<string> SayAsync(byte[] line, Pace pace = Pace.Whole)
    {
        using var socket = await ConnectAsync();
        foreach (var part in Parts(line, pace))
        {
            await socket.SendAsync(part);
        }

        return await ReadAsync(socket);
    }

    public static async Task<string> ReadAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var answer = new MemoryStream();
        var buffer = new byte[4096];
        for (int n; (n = await socket.ReceiveAsync(buffer, deadline.Token)) > 0;)
        {
            answer.Write(buffer, 0, n);
        }

        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer.ToArray());
    }

    public static IEnumerable<ArraySegment<byte>> Parts(byte[] bytes, Pace pace)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var lineEnd = Array.IndexOf(bytes, (byte)'\n', start) is var i and >= 0 ? i + 1 : bytes.Length;
            var end = pace switch { Pace.Whole => bytes.Length, Pace.ByLine => lineEnd, _ => start + 1 };
            yield return new ArraySegment<byte>(bytes, start, end - start);
            start = end;
        }
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
