using Panel.Services.Newsletters;
using Quartz;

namespace Panel.Web.Newsletters;

/// <summary>Looks up sender domains that are due; safe late, twice, and on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class CheckSenderDomainsJob(SenderDomainChecks checks) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await checks.CheckDueAsync(cancellationToken);
}
