using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Newsletters.Leaving;
using Panel.Services.Newsletters.Sending.Receivers;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Sends what is due for as long as the program runs, on every node. Everything it knows is in the ledger: killed at
/// any moment, the next start goes on where the rows say (rules F1, F3).</summary>
internal sealed partial class IssueSender(
    IServiceScopeFactory scopes, LedgerOpening opening, IMailTransport transport, SenderBell bell, OptOuts optOuts,
    HealthTally health, IOptions<NewslettersOptions> options, IOptions<MailOptions> mail, TimeProvider time, ILogger<IssueSender> log) : BackgroundService
{
    /// <summary>How often other nodes' doings, due times and paused issues are looked at while there is work, and while there is none.</summary>
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (Exception broken) when (!stoppingToken.IsCancellationRequested)
            {
                Stopped(log, broken);
                await Task.Delay(Quiet, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception closing) when (closing is OperationCanceledException || IsAway(closing))
            {
                // The house is closing.
            }
        }
    }

    private async Task RunAsync(CancellationToken ct)
    {
        await using var ledger = opening.Open(ct);
        using var relay = new SenderRelay(transport, ledger, time);
        var queue = new SenderQueue(bell, SenderDesk.Batch / 2, mail.Value.Politeness == MailOptions.PolitePanel, time);
        var desk = new SenderDesk(scopes, ledger, queue, optOuts, health, opening.OneNode, options.Value, time);
        await desk.BeginAsync();
        Task[] workers = [.. Enumerable.Range(0, Math.Max(1, transport.Connections))
            .Select(_ => Task.Run(() => new SenderWorker(queue, ledger, relay, bell, health, time, log).RunAsync(ct), CancellationToken.None))];
        try
        {
            while (!ct.IsCancellationRequested)
            {
                var busy = await PassAsync(desk, ct);
                await bell.WaitAsync(busy ? Busy : Quiet, ct);
            }
        }
        finally
        {
            queue.Close();
            await Task.WhenAll(workers);
            await EndAsync(desk);
        }
    }

    // Leases that could not be given back run out, or are taken back at the next start.
    private async Task EndAsync(SenderDesk desk)
    {
        try
        {
            await desk.EndAsync();
        }
        catch (Exception away) when (IsAway(away))
        {
            Away(log, away);
        }
    }

    private async Task<bool> PassAsync(SenderDesk desk, CancellationToken ct)
    {
        try
        {
            return await desk.PassAsync(ct);
        }
        catch (Exception away) when (IsAway(away))
        {
            Away(log, away);
            return false;
        }
    }

    private static bool IsAway(Exception why) => why is DbException or DbUpdateException or InvalidOperationException { InnerException: DbException };

    [LoggerMessage(LogLevel.Warning, "The sender cannot read the database; tried again in two seconds")]
    private static partial void Away(ILogger log, Exception why);

    [LoggerMessage(LogLevel.Error, "The sender stopped and starts again")]
    private static partial void Stopped(ILogger log, Exception why);
}
