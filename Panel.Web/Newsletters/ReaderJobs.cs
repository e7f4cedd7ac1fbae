using Panel.Services.Newsletters;
using Quartz;

namespace Panel.Web.Newsletters;

/// <summary>Ends pauses whose day has come; safe late and twice.</summary>
[DisallowConcurrentExecution]
internal sealed class WakeReadersJob(ReaderCare care) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await care.WakeAsync(cancellationToken);
}

/// <summary>Deletes sign-ups that were never confirmed and letters nobody needs; safe late and twice.</summary>
[DisallowConcurrentExecution]
internal sealed class TidyReadersJob(ReaderCare care) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken) => await care.TidyAsync(cancellationToken);
}
