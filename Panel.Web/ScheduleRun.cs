using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Options;
using Quartz;

namespace Panel.Web;

/// <summary>Runs the schedule with the program. At the end it waits for jobs that run, but not for a database that is gone: Quartz tries to sign
/// off there for ever, and the program would never end.</summary>
internal sealed partial class ScheduleRun(
    IHostApplicationLifetime lifetime, IServiceProvider services, IOptionsMonitor<QuartzHostedServiceOptions> options, ILogger<ScheduleRun> log)
    : QuartzHostedService(lifetime, services, options), IHostedService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    async Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StopAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            Left(log);
        }
    }

    /// <summary>Puts the program's parts away, for ten seconds at most: Quartz's would sign off once more, and for ever. What is not put away then is
    /// as after a kill, which every part of the program is made for.</summary>
    public static void Leave(IAsyncDisposable app)
    {
        // On a thread of its own, which does not keep the process: those of the pool may all be waiting. The process ends by coming to its end, as it
        // may have guests: tests run this program inside theirs.
        Exception? failed = null;
        var putAway = new Thread(() =>
        {
            try
            {
                app.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
            catch (Exception e)
            {
                failed = e;
            }
        })
        { IsBackground = true };
        putAway.Start();
        if (putAway.Join(Patience) && failed is not null)
        {
            ExceptionDispatchInfo.Throw(failed);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The schedule did not end within ten seconds; its other nodes, or the next start, take over what it left")]
    private static partial void Left(ILogger log);
}
