using Panel.Services;
using Panel.Services.Hosting;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>Looks claimed names up in the DNS; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class CheckDomainsJob(DomainChecks checks) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await checks.CheckWaitingAsync(Actor.Job, cancellationToken);
}
