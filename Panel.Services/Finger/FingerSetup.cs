using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Homes;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Reports;
using Panel.Services.Members;

namespace Panel.Services.Finger;

public static class FingerSetup
{
    /// <summary>The finger server on its own Kestrel end points, beside whatever else Kestrel listens on.</summary>
    public static IServiceCollection AddFinger(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddScoped<Members.IExportPart, FingerExport>();
        services.AddFingerServer(configuration);
        services.AddSingleton(s =>
        {
            var (finger, panel) = (s.GetRequiredService<IOptions<FingerOptions>>().Value, s.GetRequiredService<IOptions<PanelOptions>>().Value);
            return new FingerReply(finger.Host, panel.PublicUrl.TrimEnd('/'), finger.Plans);
        });
        services.AddSingleton<FingerDesk>();
        services.AddSingleton<AnswerFinger>(s => s.GetRequiredService<FingerDesk>().AnswerAsync);
        services.AddScoped<FingerAccounts>();
        services.AddScoped<FingerPosts>();
        services.AddScoped<FingerReports>();
        services.AddScoped<Takedowns>();
        services.AddSingleton<ReportGuard>();
        services.AddScoped<HomeCopies>();
        services.AddScoped<HomeTexts>();
        services.AddScoped<Homes.Homes>();
        services.AddScoped<Notices>();
        services.AddScoped<Follows>();
        services.AddScoped<Refreshes>();
        services.AddScoped<Timelines>();
        services.TryAddSingleton<ResolveHost>(FingerFetch.ResolveAsync);
        services.AddSingleton<FingerFetch>();
        services.AddScoped<IMemberFollower, FingerFollower>();
        return services;
    }

    /// <summary>The listener without the store behind it: whoever calls this registers an <see cref="AnswerFinger"/>.</summary>
    internal static IServiceCollection AddFingerServer(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IValidateOptions<FingerOptions>, FingerOptionsCheck>();
        services.AddOptions<FingerOptions>().Bind(configuration.GetSection(FingerOptions.Section)).ValidateOnStart();
        services.PostConfigure<FingerOptions>(finger =>
        {
            // A list may also be written as Finger__Follow__Ports__0, __1 and so on.
            var follow = configuration.GetSection(FingerOptions.Section).GetSection(nameof(FingerOptions.Follow));
            finger.Follow.Ports = Listed(follow.GetSection(nameof(FollowOptions.Ports))) ?? finger.Follow.Ports;
            finger.Follow.Networks = Listed(follow.GetSection(nameof(FollowOptions.Networks))) ?? finger.Follow.Networks;
        });
        services.AddSingleton<FingerGate>();
        services.AddSingleton<FingerMeter>();
        services.AddSingleton(s => new FingerCounters(s.GetRequiredService<FingerMeter>(), s.GetRequiredService<FingerGate>()));
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<FingerOptions>>(static (kestrel, finger) =>
        {
            foreach (var point in finger.Value.EndPoints(out _) ?? [])
            {
                kestrel.Listen(point, listen => listen.UseConnectionHandler<FingerConnection>());
            }
        });
        services.AddOptions<KestrelServerOptions>().PostConfigure<IOptions<FingerOptions>>(static (kestrel, finger) =>
        {
            // Kestrel counts per end point but knows one limit for all, and cuts off without a word: ours must come first.
            var room = finger.Value.Connections + (finger.Value.Connections / 4) + 1;
            if (finger.Value.Listen.Length > 0 && kestrel.Limits.MaxConcurrentConnections < room)
            {
                kestrel.Limits.MaxConcurrentConnections = room;
            }
        });
        return services;
    }

    private static string? Listed(IConfigurationSection key) =>
        key.GetChildren().Select(c => c.Value).OfType<string>().ToList() is { Count: > 0 } parts ? string.Join(';', parts) : null;
}
