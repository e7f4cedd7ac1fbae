using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Panel.Services.Mail.Lmtp;

internal static class LmtpSetup
{
    /// <summary>The LMTP server on Kestrel end points of its own; whoever calls this registers a <see cref="LmtpDoor"/>.</summary>
    public static IServiceCollection AddLmtp(this IServiceCollection services)
    {
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<MailOptions>>(static (kestrel, mail) =>
        {
            foreach (var point in mail.Value.Lmtp.EndPoints(out _) ?? [])
            {
                kestrel.Listen(point, listen => listen.UseConnectionHandler<LmtpConnection>());
            }
        });
        return services;
    }
}
