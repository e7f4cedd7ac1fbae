extern alias agent;

using System.Collections.Concurrent;
using agent::Panel.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Panel.Tests.Hosting;

/// <summary>Panel's end of the agent link, played by a script: it says what it is told and remembers what it hears.</summary>
public sealed class AgentFakePanel : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, AccountState> accounts = new();
    private readonly ConcurrentDictionary<long, AgentRequest> requests = new();
    private readonly List<HostReport> reports = [];
    private readonly WebApplication app;
    private TaskCompletionSource change = New();
    private long revision = 1;
    private long lastRequest;

    public AgentFakePanel(string socket)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(socket, l => l.Protocols = HttpProtocols.Http1));
        app = builder.Build();
        app.MapGet("/agent/v1/accounts", AnswerAsync);
        app.MapPost("/agent/v1/reports", HearAsync);
        app.MapPut("/agent/v1/archives/{id:long}", async (long id, HttpRequest request) =>
        {
            var kept = new MemoryStream();
            await request.Body.CopyToAsync(kept);
            Archives[id] = kept.ToArray();
        });
    }

    public ConcurrentDictionary<long, byte[]> Archives { get; } = new();

    public string Epoch { get; set; } = "one";

    public bool RemovalsConfirmed { get; set; } = true;

    public IReadOnlyList<HostReport> Reports
    {
        get
        {
            lock (reports)
            {
                return [.. reports];
            }
        }
    }

    public Task StartAsync() => app.StartAsync();

    /// <summary>Says it and waits until the agent has reported on this very revision.</summary>
    public async Task<AccountReport> SayAsync(AccountState account)
    {
        var mine = Interlocked.Increment(ref revision);
        accounts[account.Handle] = account with { Revision = mine };
        Wake();
        return (await HeardAsync(r => r.Accounts.Any(a => a.Handle == account.Handle && a.Revision >= mine))).Accounts.Last(a => a.Handle == account.Handle);
    }

    public void Forget(string handle) => accounts.TryRemove(handle, out _);

    public async Task<HostReport> RequestAsync(AgentWork work, string? handle = null, string? name = null, BackupOrder? backup = null)
    {
        var id = Interlocked.Increment(ref lastRequest);
        requests[id] = new AgentRequest(id, work, handle, name, backup);
        Wake();
        var report = await HeardAsync(r => r.RequestId == id);
        requests.TryRemove(id, out _);
        return report;
    }

    public async Task<HostReport> HeardAsync(Func<HostReport, bool> wanted, TimeSpan? patience = null)
    {
        using var late = new CancellationTokenSource(patience ?? Patience);
        while (true)
        {
            Task next;
            lock (reports)
            {
                if (reports.FindLast(r => wanted(r)) is { } found)
                {
                    return found;
                }

                next = change.Task;
            }

            await next.WaitAsync(late.Token);
        }
    }

    public void Wake() => Interlocked.Exchange(ref change, New()).SetResult();

    public async ValueTask DisposeAsync()
    {
        Wake();
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<IResult> AnswerAsync(string epoch, long after, int wait, CancellationToken ct)
    {
        var until = DateTime.UtcNow + TimeSpan.FromSeconds(wait);
        while (true)
        {
            var next = change.Task;
            var now = Interlocked.Read(ref revision);
            var full = epoch != Epoch || after == 0 || after > now;
            if (full || now > after || !requests.IsEmpty || DateTime.UtcNow >= until)
            {
                var newer = accounts.Values.Where(a => full || a.Revision > after).ToList();
                return Results.Json(new AccountsAnswer("here", Epoch, now, full, RemovalsConfirmed, newer, [.. requests.Values]), AgentJson.Default.AccountsAnswer);
            }

            await Task.WhenAny(next, Task.Delay(until - DateTime.UtcNow is { Ticks: > 0 } left ? left : TimeSpan.Zero, ct));
        }
    }

    private async Task<IResult> HearAsync(HttpRequest request, CancellationToken ct)
    {
        var report = await request.ReadFromJsonAsync(AgentJson.Default.HostReport, ct);
        lock (reports)
        {
            reports.Add(report!);
            if (report!.RequestId is { } id)
            {
                requests.TryRemove(id, out _);
            }
        }

        Wake();
        return Results.Ok();
    }
}
