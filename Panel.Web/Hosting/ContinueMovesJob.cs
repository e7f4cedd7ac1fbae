using Panel.Services;
using Panel.Services.Hosting;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>Takes moves on that no report has taken on, and lets old copies go when their time has come; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class ContinueMovesJob(Moves moves) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await moves.ContinueAsync(Actor.Job, cancellationToken);
}
