using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Panel.Bench.Finger;

/// <summary>The limit: Kestrel reads up to a line end, writes 500 fixed bytes and closes. Nothing is looked up, counted or logged.</summary>
internal sealed class BareFinger : ConnectionHandler, IAsyncDisposable
{
    private static readonly byte[] Answer = [.. Enumerable.Repeat((byte)'x', 498), (byte)'\r', (byte)'\n'];
    private WebApplication? _app;

    public IPEndPoint EndPoint => PortOf(_app!);

    public static async Task<BareFinger> StartAsync(CancellationToken ct)
    {
        var bare = new BareFinger();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Run(bare.OnConnectedAsync)));
        bare._app = builder.Build();
        await bare._app.StartAsync(ct);
        return bare;
    }

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        while (true)
        {
            var read = await connection.Transport.Input.ReadAsync();
            var whole = read.Buffer.PositionOf((byte)'\n') is not null;
            connection.Transport.Input.AdvanceTo(whole ? read.Buffer.End : read.Buffer.Start, read.Buffer.End);
            if (whole || read.IsCompleted)
            {
                break;
            }
        }

        await connection.Transport.Output.WriteAsync(Answer);
    }

    internal static IPEndPoint PortOf(WebApplication app) => new(
        IPAddress.Loopback, new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port);

    public ValueTask DisposeAsync() => _app!.DisposeAsync();
}
