using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

public static class HostingSetup
{
    public static IServiceCollection AddHosting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HostingOptions>().Bind(configuration.GetSection("Hosting")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<LiveChanges>();
        services.AddSingleton<LiveChanges.OnCommit>();
        services.ConfigureDbContext<PanelDb>((provider, db) => db.AddInterceptors(provider.GetRequiredService<LiveChanges.OnCommit>()));
        services.AddHostedService<LocalHost>();
        services.AddScoped<IMemberFollower, AccountFollower>();
        services.AddScoped<Revisions>();
        services.AddScoped<SiteViews>();
        services.AddScoped<DomainClaims>();
        services.AddScoped<Sites>();
        services.AddScoped<Domains>();
        services.AddScoped<Keys>();
        services.AddScoped<Hosts>();
        services.AddScoped<HostWork>();
        services.AddScoped<Usage>();
        services.AddScoped<Quotas>();
        services.AddScoped<DesiredAccounts>();
        services.AddScoped<AgentReports>();
        return services;
    }
}
