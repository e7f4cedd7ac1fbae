using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

internal static class SendingSetup
{
    /// <summary>Issues, the ledger and the sender that runs on every node.</summary>
    public static IServiceCollection AddSending(this IServiceCollection services)
    {
        services.AddSingleton<SenderBell>();
        services.AddSingleton<LedgerOpening>();
        services.AddSingleton<HealthTally>();
        services.AddScoped<DeliveryHealth>();
        services.AddScoped<Issues>();
        services.AddScoped<DispatchRules>();
        services.AddScoped<Dispatches>();
        services.AddScoped<Reports>();
        services.AddScoped<IssuePrinter>();
        services.AddScoped<IssueAftermath>();
        services.AddHostedService<IssueSender>();
        return services;
    }
}
