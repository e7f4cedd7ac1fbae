using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Panel.Services.Hosting.ProgramMails;

internal static class ProgramMailSetup
{
    private const string Socket = "mail.sock";

    /// <summary>The socket <c>run/mail.sock</c>, to which every user of the machine may speak: the uid behind it decides.</summary>
    public static IServiceCollection AddProgramMails(this IServiceCollection services)
    {
        services.AddScoped<ProgramMails>();
        services.AddHostedService<Opening>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<PanelOptions>>(static (kestrel, panel) =>
        {
            File.Delete(Place(panel.Value));
            kestrel.ListenUnixSocket(Place(panel.Value), listen => listen.UseConnectionHandler<ProgramMailDoor>());
        });
        return services;
    }

    /// <summary>Links resolved, as the path of a socket has at most 107 bytes (unix(7)).</summary>
    private static string Place(PanelOptions panel)
    {
        var folder = Directory.CreateDirectory(panel.PathOf("run"));
        return Path.Combine(folder.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder.FullName, Socket);
    }

    /// <summary>A new socket is open to its owner only, whatever the umask.</summary>
    private sealed class Opening(IHostApplicationLifetime life, IOptions<PanelOptions> panel) : IHostedService
    {
        private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            life.ApplicationStarted.Register(() =>
            {
                if (File.Exists(Place(panel.Value)))
                {
                    File.SetUnixFileMode(Place(panel.Value), Everybody);
                }
            });
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
