using Panel.Web.Finger;
using Panel.Web.Hosting;
using Panel.Web.Newsletters;
using Quartz;

namespace Panel.Web;

/// <summary>Every trigger of the house on one page: a job says when, a front door that is safe to run twice does the work.</summary>
internal static class Schedule
{
    public static IServiceCollection AddSchedule(this IServiceCollection services)
    {
        services.AddQuartz(q =>
        {
            q.ScheduleJob<CheckQuotasJob>(t => t.WithIdentity("check-quotas").WithCronSchedule("0 0/15 * * * ?"), j => j.WithIdentity("check-quotas"));
            q.ScheduleJob<CheckDomainsJob>(t => t.WithIdentity("check-domains").WithCronSchedule("20 * * * * ?"), j => j.WithIdentity("check-domains"));
            q.ScheduleJob<RefreshFollowsJob>(t => t.WithIdentity("refresh-follows").WithCronSchedule("5/15 * * * * ?"), j => j.WithIdentity("refresh-follows"));
            q.ScheduleJob<SendDueIssuesJob>(t => t.WithIdentity("send-due-issues").WithCronSchedule("0/10 * * * * ?"), j => j.WithIdentity("send-due-issues"));
            q.ScheduleJob<WakeReadersJob>(t => t.WithIdentity("wake-readers").WithCronSchedule("0 0/5 * * * ?"), j => j.WithIdentity("wake-readers"));
            q.ScheduleJob<TidyReadersJob>(t => t.WithIdentity("tidy-readers").WithCronSchedule("0 17 3 * * ?"), j => j.WithIdentity("tidy-readers"));
        });
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        return services;
    }
}
