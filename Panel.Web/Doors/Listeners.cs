using Microsoft.AspNetCore.Server.Kestrel.Core;
using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Web.Doors;

/// <summary>Where the program listens: <c>Urls</c> for people and API, <c>run/panel.sock</c> for the operator and
/// <c>run/agent.sock</c> for the local agent. Each socket connection carries the uid of its peer.</summary>
internal static class Listeners
{
    /// <summary>How long a body may be where nothing else is said.</summary>
    public const long MostBodyBytes = 32 * 1024 * 1024;

    /// <summary>A published program finds its files beside itself, wherever it is started from; a build finds them by the manifest.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var published = Directory.Exists(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = published ? AppContext.BaseDirectory : null });
        if (!published)
        {
            builder.WebHost.UseStaticWebAssets();
        }

        // Requests and statements carry addresses of people; they are nobody's business in a log.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning).AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning).AddFilter("Quartz", LogLevel.Warning);

        return builder;
    }

    public static void AddListeners(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var panel = configuration.GetSection("Panel").Get<PanelOptions>() ?? new PanelOptions();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = 5_000;
            // The default of 30 seconds leaves whoever says a byte a second twice as long at no use to anybody.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            var gate = new ConnectionGate(panel.ConnectionsPerAddress, Proxies.Networks(panel.TrustedProxies));
            foreach (var url in (configuration["Urls"] ?? "http://127.0.0.1:8080").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Listen(kestrel, BindingAddress.Parse(url), gate.Guard);
            }

            var agent = configuration["Hosting:AgentSocket"] is { Length: > 0 } set ? Path.GetFullPath(set) : panel.PathOf("run", "agent.sock");
            ListenUnix(kestrel, panel.PathOf("run", "panel.sock"), SocketKind.Operator);
            ListenUnix(kestrel, agent, SocketKind.Agent);
            if ((configuration.GetSection("Hosting").Get<HostingOptions>() ?? new HostingOptions()).ReadAgentListen() is { } remote)
            {
                kestrel.Listen(remote, listen =>
                {
                    Mark(listen, SocketKind.Remote);
                    listen.UseHttps(kestrel.ApplicationServices.GetRequiredService<AgentKey>().Certificate);
                });
            }
        });
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address, Action<ListenOptions> guard)
    {
        if (address.IsUnixPipe)
        {
            kestrel.ListenUnixSocket(address.UnixPipePath);
        }
        else if (address.Host == "localhost")
        {
            kestrel.ListenLocalhost(address.Port, guard);
        }
        else if (System.Net.IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, address.Port, guard);
        }
        else
        {
            kestrel.ListenAnyIP(address.Port, guard);
        }
    }

    private static void ListenUnix(KestrelServerOptions kestrel, string path, SocketKind kind)
    {
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var real = Path.Combine(folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName, Path.GetFileName(path));
        File.Delete(real);
        kestrel.ListenUnixSocket(real, listen => Mark(listen, kind));
    }

    private static void Mark(ListenOptions listen, SocketKind kind) => listen.Use(next => connection =>
    {
        connection.Features.Set(new SocketPeer(kind, PeerUid.Of(connection)));
        return next(connection);
    });
}

/// <summary>The two Unix sockets, and the TLS listener for agents of other machines.</summary>
internal enum SocketKind { Operator, Agent, Remote }

/// <summary>Put on every connection of the two sockets: which one it came by, and the uid of the process behind it
/// (null when the kernel does not say).</summary>
internal sealed record SocketPeer(SocketKind Kind, uint? Uid)
{
    /// <summary>Root always; on the operator's socket also the program's own uid, unless root started it.</summary>
    public bool IsTrusted(bool startedByRoot, uint own) => Uid is { } uid && (uid == 0 || (Kind == SocketKind.Operator && !startedByRoot && uid == own));
}
