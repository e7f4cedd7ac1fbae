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

    /// <summary>Puts the program's parts away. Quartz's would sign off once more, and for ever; what else is not put away then is as after a kill,
    /// which every part of the program is made for.</summary>
    public static async Task LeaveAsync(IAsyncDisposable app)
    {
        // On a thread of its own: those of the pool may all be waiting.
        new Thread(() =>
        {
            Thread.Sleep(Patience);
            Environment.Exit(0);
        })
        { IsBackground = true }.Start();
        await app.DisposeAsync();
    }

    [LoggerMessage(LogLevel.Warning, "The schedule did not end within ten seconds; its other nodes, or the next start, take over what it left")]
    private static partial void Left(ILogger log);
}
