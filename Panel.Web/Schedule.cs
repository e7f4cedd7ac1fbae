using Quartz;

namespace Panel.Web;

/// <summary>Every trigger of the house on one page: a job says when, a front door that is safe to run twice does the work.</summary>
internal static class Schedule
{
    public static IServiceCollection AddSchedule(this IServiceCollection services)
    {
        services.AddQuartz();
        services.AddQuartzHostedService(o => o.WaitForJobsToComplete = true);
        return services;
    }
}
