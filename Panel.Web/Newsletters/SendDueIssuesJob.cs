using Panel.Services.Newsletters;
using Quartz;

namespace Panel.Web.Newsletters;

/// <summary>Starts what is due; safe late, twice, and on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class SendDueIssuesJob(Dispatches dispatches) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await dispatches.StartDueAsync(cancellationToken);
}
