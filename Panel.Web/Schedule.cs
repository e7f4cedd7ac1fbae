using Panel.Web.Hosting;
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
        });
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        return services;
    }
}
