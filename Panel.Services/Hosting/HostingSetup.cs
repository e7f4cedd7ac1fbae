using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Data;
using Panel.Services.Hosting.ProgramMails;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

public static class HostingSetup
{
    public static IServiceCollection AddHosting(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HostingOptions>().Bind(configuration.GetSection("Hosting")).ValidateDataAnnotations()
            .Validate(o => o.Addresses.Split(',').All(a => IPAddress.TryParse(a.Trim(), out _)), "Hosting:Addresses must be IP addresses with commas between them, such as 203.0.113.10, 2001:db8::10.")
            .Validate(o => o.Resolver.Length == 0 || IPEndPoint.TryParse(o.Resolver, out _), "Hosting:Resolver must be an address and a port, such as 127.0.0.1:53, or empty.")
            .Validate(o => o.AgentListen.Length == 0 || (IPEndPoint.TryParse(o.AgentListen, out var at) && at.Port > 0), "Hosting:AgentListen must be an address and a port, such as [::]:8444, or empty.")
            .ValidateOnStart();
        services.AddSingleton<LiveChanges>();
        services.AddSingleton<LiveChanges.OnCommit>();
        services.ConfigureDbContext<PanelDb>((provider, db) => db.AddInterceptors(provider.GetRequiredService<LiveChanges.OnCommit>()));
        services.AddHostedService<LocalHost>();
        services.AddScoped<IMemberFollower, AccountFollower>();
        services.AddScoped<Revisions>();
        services.AddScoped<SiteViews>();
        services.AddScoped<DomainClaims>();
        services.AddScoped<Sites>();
        services.AddScoped<SiteSettings>();
        services.AddScoped<Drifts>();
        services.AddScoped<Operations>();
        services.AddScoped<Traffic>();
        services.AddScoped<Domains>();
        services.AddScoped<DomainChecks>();
        services.AddSingleton<NameLookup>();
        services.AddScoped<Keys>();
        services.AddScoped<ItemViews>();
        services.AddScoped<Databases>();
        services.AddScoped<Tasks>();
        services.AddScoped<TaskRuns>();
        services.AddScoped<Backups>();
        services.AddScoped<HostArchives>();
        services.AddScoped<IExportPart, HostingExport>();
        services.AddScoped<Hosts>();
        services.AddScoped<MoveSteps>();
        services.AddScoped<Moves>();
        services.AddScoped<Removals>();
        services.AddScoped<BackupKeys>();
        services.AddScoped<MoveRelay>();
        services.AddSingleton<MeetingPoint>();
        services.AddScoped<HostWork>();
        services.AddScoped<HostInvitations>();
        services.AddSingleton<AgentKey>();
        services.AddScoped<Usage>();
        services.AddScoped<Quotas>();
        services.AddScoped<DesiredAccounts>();
        services.AddScoped<AgentReports>();
        services.AddProgramMails();
        return services;
    }
}
