using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Importing;

/// <summary>Where the files lie while they are read: <c>data/imports</c>, for this house's user only.</summary>
public sealed class ImportFolder(IOptions<PanelOptions> panel)
{
    public string PeopleOf(long id) => PathOf($"{id}.csv");

    public string ErrorsOf(long id) => PathOf($"{id}.errors.csv");

    /// <summary>What was imported is in the database; its file would only be one copy more.</summary>
    public void ForgetPeople(long id) => File.Delete(PeopleOf(id));

    public string PathOf(string name)
    {
        var folder = panel.Value.PathOf("imports");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Path.Combine(folder, name);
    }
}

/// <summary>What this process is importing, and the bell that wakes it.</summary>
public sealed class ImportDesk : IDisposable
{
    private readonly ConcurrentDictionary<long, bool> running = new();
    private readonly SemaphoreSlim rung = new(0);

    /// <summary>A node that says nothing for this long no longer imports; another one that has the file goes on.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    internal string Node { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>A node of this machine whose process has ended imports nothing any more: nobody waits out its silence.</summary>
    internal static bool IsGone(string node) =>
        node.Split('/') is [var machine, var process, _] && machine == Environment.MachineName && !Directory.Exists($"/proc/{process}");

    public void Dispose() => rung.Dispose();

    internal bool Begin(long id) => running.TryAdd(id, true);

    internal void End(long id) => running.TryRemove(id, out _);

    internal void Ring() => rung.Release();

    internal Task WaitAsync(TimeSpan most, CancellationToken ct) => rung.WaitAsync(most, ct);
}

/// <summary>Imports what waits, one file after the other, and after a crash from where it stopped.</summary>
internal sealed partial class ImportCarrier(IServiceScopeFactory scopes, ImportRun run, ImportDesk desk, ImportFolder folder, ILogger<ImportCarrier> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var id in await WaitingAsync(stoppingToken))
                {
                    await run.RunAsync(id, stoppingToken);
                }
            }
            catch (Exception away) when (!stoppingToken.IsCancellationRequested)
            {
                Away(log, away);
            }
            catch (OperationCanceledException)
            {
                return; // The house is closing; the next start goes on.
            }

            await desk.WaitAsync(Look, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<List<long>> WaitingAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var ids = await db.Set<Import>().Where(i => i.State == ImportState.Checking || i.State == ImportState.Running).OrderBy(i => i.Id).Select(i => i.Id).ToListAsync(ct);
        return ids.FindAll(id => File.Exists(folder.PeopleOf(id)));
    }

    [LoggerMessage(LogLevel.Warning, "An import stopped; tried again in ten seconds")]
    private static partial void Away(ILogger log, Exception why);
}
