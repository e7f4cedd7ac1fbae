using Npgsql;
using Panel.Services.Data;
using Panel.Web.Finger;
using Panel.Web.Hosting;
using Panel.Web.Newsletters;
using Quartz;

namespace Panel.Web;

/// <summary>Every trigger of the house on one page: a job says when, a front door that is safe to run twice does the work.</summary>
internal static class Schedule
{
    /// <summary>With PostgreSQL any number of nodes share one store, so that a job runs on one of them; SQLite has one node, and
    /// its schedule lives in memory. Quartz keeps its own tables (<c>qrtz_</c>) and creates them.</summary>
    public static IServiceCollection AddSchedule(this IServiceCollection services, IConfiguration configuration)
    {
        var database = configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
        services.AddQuartz(q =>
        {
            if (database.IsPostgres)
            {
                q.UsePersistentStore(store =>
                {
                    store.UsePostgres(NpgsqlFactory.Instance, database.Connection);
                    store.UseClustering();
                    store.ProvisionSchema();

                    // Threads that try for ever to reach a database that is gone must not keep the process.
                    store.ConfigureStore(o => o.UseBackgroundThreads = true);
                });
            }

            q.ScheduleJob<NightlyBackupsJob>(t => t.WithIdentity("nightly-backups").WithCronSchedule("0 0/20 1-4 * * ?"), j => j.WithIdentity("nightly-backups"));
            q.ScheduleJob<ContinueMovesJob>(t => t.WithIdentity("continue-moves").WithCronSchedule("3/10 * * * * ?"), j => j.WithIdentity("continue-moves"));
            q.ScheduleJob<EraseRemovedJob>(t => t.WithIdentity("erase-removed").WithCronSchedule("41 0/10 * * * ?"), j => j.WithIdentity("erase-removed"));
            q.ScheduleJob<CopyHouseJob>(t => t.WithIdentity("copy-house").WithCronSchedule("0 27 0/1 * * ?"), j => j.WithIdentity("copy-house"));
            q.ScheduleJob<CheckQuotasJob>(t => t.WithIdentity("check-quotas").WithCronSchedule("0 0/15 * * * ?"), j => j.WithIdentity("check-quotas"));
            q.ScheduleJob<CheckDomainsJob>(t => t.WithIdentity("check-domains").WithCronSchedule("20 * * * * ?"), j => j.WithIdentity("check-domains"));
            q.ScheduleJob<RefreshFollowsJob>(t => t.WithIdentity("refresh-follows").WithCronSchedule("5/15 * * * * ?"), j => j.WithIdentity("refresh-follows"));
            q.ScheduleJob<SendDueIssuesJob>(t => t.WithIdentity("send-due-issues").WithCronSchedule("0/10 * * * * ?"), j => j.WithIdentity("send-due-issues"));
            q.ScheduleJob<CheckSenderDomainsJob>(t => t.WithIdentity("check-sender-domains").WithCronSchedule("40 * * * * ?"), j => j.WithIdentity("check-sender-domains"));
            q.ScheduleJob<WakeReadersJob>(t => t.WithIdentity("wake-readers").WithCronSchedule("0 0/5 * * * ?"), j => j.WithIdentity("wake-readers"));
            q.ScheduleJob<TidyReadersJob>(t => t.WithIdentity("tidy-readers").WithCronSchedule("0 17 3 * * ?"), j => j.WithIdentity("tidy-readers"));
        });
        services.Configure<QuartzHostedServiceOptions>(o => o.WaitForJobsToComplete = true);
        services.AddHostedService<ScheduleRun>();
        return services;
    }
}
