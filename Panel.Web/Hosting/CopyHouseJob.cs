using Panel.Services;
using Panel.Services.Data;
using Quartz;

namespace Panel.Web.Hosting;

/// <summary>The nightly copy of Panel's own data; safe to run twice, late, or on two nodes at once.</summary>
[DisallowConcurrentExecution]
internal sealed class CopyHouseJob(HouseCopies copies) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await copies.NightlyAsync(Actor.Job, cancellationToken);
}
