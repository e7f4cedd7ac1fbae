using Panel.Services;
using Panel.Services.Hosting;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>Asks hosts for the backups of this night and one trial restore; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class NightlyBackupsJob(Backups backups) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await backups.NightlyAsync(Actor.Job, cancellationToken);
}
