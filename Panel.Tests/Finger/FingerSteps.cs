using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;

namespace Panel.Tests.Finger;

/// <summary>What tests of following do to a house.</summary>
internal static class FingerSteps
{
    /// <summary>A house that may finger loopback on any port.</summary>
    public static PanelApp House(string provider = "sqlite", ManualTime? time = null, params (string, string)[] more) => new(
        provider, [("Finger:Host", "house.example"), ("Finger:Follow:Networks", "127.0.0.0/8"), ("Finger:Follow:Ports", "1024-65535"), .. more])
    { Time = time, Unscheduled = true };

    /// <summary>The house's own finger server on real TCP.</summary>
    public static Task<FingerServer> ListenAsync(this PanelApp app) => FingerServer.StartAsync(app.Services.GetRequiredService<AnswerFinger>());

    public static Task<Outcome<FollowPage>> FollowAsync(this PanelApp app, Actor by, string handle, string address, string? nick = null) =>
        app.WithAsync<Follows, Outcome<FollowPage>>(f => f.AddAsync(by, handle, new NewFollow(address, nick), CancellationToken.None));

    public static async Task<IReadOnlyList<FollowPage>> FollowingAsync(this PanelApp app, Actor by, string handle) =>
        (await app.WithAsync<Follows, Outcome<IReadOnlyList<FollowPage>>>(f => f.ListAsync(by, handle, CancellationToken.None))).Value!;

    public static async Task<IReadOnlyList<TimelineEntry>> TimelineAsync(this PanelApp app, Actor by, string? handle, TimelineQuery? asked = null) =>
        (await app.WithAsync<Timelines, Outcome<IReadOnlyList<TimelineEntry>>>(t => handle is null
            ? t.HouseAsync(by, asked ?? new TimelineQuery(), CancellationToken.None) : t.OwnAsync(by, handle, asked ?? new TimelineQuery(), CancellationToken.None))).Value!;

    public static async Task<Refreshed> RefreshAsync(this PanelApp app)
    {
        var run = await app.WithAsync<Refreshes, Outcome<Refreshed>>(r => r.RunAsync(Actor.Job, CancellationToken.None));
        Assert.Null(run.Refused);
        return run.Value!;
    }

    public static async Task<IReadOnlyList<NoticePage>> NoticesAsync(this PanelApp app, Actor by, string handle) =>
        (await app.WithAsync<Notices, Outcome<IReadOnlyList<NoticePage>>>(n => n.ListAsync(by, handle, CancellationToken.None))).Value!;
}

/// <summary>A finger server that does to its askers whatever a test wants.</summary>
internal sealed class RudeServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task serving;
    private int inside;

    public RudeServer(Func<Socket, CancellationToken, Task> answer)
    {
        listener.Start();
        serving = ServeAsync(answer);
    }

    public string Port => $"{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>The most connections that were open at once.</summary>
    public int Most { get; private set; }

    public int Asked { get; private set; }

    public static RudeServer Saying(Func<string> text) => new((socket, ct) => SayAsync(socket, text(), ct));

    public static async Task SayAsync(Socket socket, string text, CancellationToken ct)
    {
        await socket.ReceiveAsync(new byte[512], ct);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), ct);
        socket.Shutdown(SocketShutdown.Both);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await serving;
        stop.Dispose();
    }

    private async Task ServeAsync(Func<Socket, CancellationToken, Task> answer)
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                Asked++;
                Most = Math.Max(Most, Interlocked.Increment(ref inside));
                open.Add(OneAsync(socket, answer));
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task OneAsync(Socket socket, Func<Socket, CancellationToken, Task> answer)
    {
        using (socket)
        {
            try
            {
                await answer(socket, stop.Token);
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
                // The asker had enough, which is the point.
            }

            Interlocked.Decrement(ref inside);
        }
    }
}
