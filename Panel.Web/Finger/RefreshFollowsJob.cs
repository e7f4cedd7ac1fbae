using Panel.Services;
using Panel.Services.Finger.Following;
using Quartz;

namespace Panel.Web.Finger;

/// <summary>Fingers what members follow and is due; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class RefreshFollowsJob(Refreshes refreshes) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await refreshes.RunAsync(Actor.Job, cancellationToken);
}
