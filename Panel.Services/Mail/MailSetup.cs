using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Panel.Services.Mail.Pickup;
using Panel.Services.Mail.Smtp;

namespace Panel.Services.Mail;

public static class MailSetup
{
    /// <summary>Adds the transport that <c>Mail:Transport</c> names as <see cref="IMailTransport"/>; wrong settings stop the start.</summary>
    /// <param name="configuration">The whole configuration: <c>Mail</c>, <c>Panel:Data</c> and <c>Panel:PublicUrl</c> are read.</param>
    public static IServiceCollection AddMail(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MailOptions>().Bind(configuration.GetSection("Mail")).ValidateOnStart();
        services.AddOptions<PickupOptions>().Configure(o => o.Folder = Path.Combine(Path.GetFullPath(configuration["Panel:Data"] ?? "data"), "outbox"));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<MailOptions>>(new MailOptionsCheck(configuration)));
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(Chosen);
        return services;
    }

    private static IMailTransport Chosen(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<MailOptions>>();
        return options.Value.Transport switch
        {
            MailTransports.Smtp => new SmtpTransport(options, services.GetRequiredService<TimeProvider>()),
#if MAILKIT
            MailTransports.MailKit => new Kit.MailKitTransport(options),
#endif
            _ => new PickupTransport(services.GetRequiredService<IOptions<PickupOptions>>(), options),
        };
    }
}
