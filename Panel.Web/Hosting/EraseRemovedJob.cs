using Panel.Services;
using Panel.Services.Hosting;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>Takes removed accounts on: their last archive, and their end on the host after the grace; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class EraseRemovedJob(Removals removals) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await removals.ContinueAsync(Actor.Job, cancellationToken);
}
