using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Mail.Lmtp;

namespace Panel.Services.Newsletters.Returning;

internal static class ReturningSetup
{
    /// <summary>What comes back by mail, behind the LMTP server.</summary>
    public static IServiceCollection AddReturning(this IServiceCollection services)
    {
        services.AddSingleton<ReturnAddresses>();
        services.AddSingleton<MailSettings>();
        services.AddScoped<Suppressing>();
        services.AddScoped<ReturnedMails>();
        services.AddSingleton(s =>
        {
            var (addresses, scopes) = (s.GetRequiredService<ReturnAddresses>(), s.GetRequiredService<IServiceScopeFactory>());
            return new LmtpDoor(recipient => addresses.Read(recipient) is not null, async (mail, ct) =>
            {
                await using var scope = scopes.CreateAsyncScope();
                return await scope.ServiceProvider.GetRequiredService<ReturnedMails>().TakeAsync(mail, ct);
            });
        });
        return services.AddLmtp();
    }
}
