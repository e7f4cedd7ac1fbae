using Panel.Services;
using Panel.Services.Hosting;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>Asks for disk use and writes notices; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class CheckQuotasJob(Quotas quotas) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await quotas.CheckAsync(Actor.Job, cancellationToken);
}
