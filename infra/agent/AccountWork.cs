using Panel.Hosting;

namespace Panel.Agent;

/// <summary>Work for one account that may take long: tasks, backups, archives. All of it runs beside the passes, so that no
/// account waits for another's.</summary>
internal sealed class AccountWork(AgentOptions options, Host host, AgentLink link, TimeProvider time)
{
    private readonly Tasks tasks = new(host.Layout, time);
    private readonly Backups backups = new(options, host);
    private readonly Moving moving = new(host, link, new Repositories(options));
    private readonly HashSet<long> atWork = [];
    private readonly Dictionary<string, CancellationTokenSource> moves = new(StringComparer.Ordinal);
    private volatile Desired desired = Desired.Nothing;

    public void Want(Desired wanted)
    {
        desired = wanted;
        tasks.Want(wanted.Accounts.Values);
    }

    /// <summary>Once a second: starts tasks that are due and tells of those that have ended.</summary>
    public async Task TickAsync(Func<HostReport> facts, Func<HostReport, CancellationToken, Task<bool>> tell, CancellationToken ct)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await second.WaitForNextTickAsync(ct))
        {
            try
            {
                tasks.Tick();
                var runs = tasks.Ended.Take(50).ToList();
                if (runs.Count > 0 && desired.Epoch.Length > 0 && await tell(facts() with { Runs = runs }, ct))
                {
                    runs.ForEach(_ => tasks.Ended.TryDequeue(out var _));
                }
            }
            catch (Exception no) when (no is MachineException or IOException or UnauthorizedAccessException)
            {
                host.Log($"Tasks are put off for a moment: {no.Message}");
            }
        }
    }

    /// <summary>A request that is given again while it is at work is not begun twice.</summary>
    public void Begin(AgentRequest request, Func<HostReport> facts, Func<HostReport, CancellationToken, Task<bool>> tell, CancellationToken ct)
    {
        lock (atWork)
        {
            if (!atWork.Add(request.Id))
            {
                return;
            }
        }

        _ = Task.Run(async () =>
        {
            // Panel never asks again for what it has heard of.
            HostReport answer;
            try
            {
                answer = await AnswerAsync(request, facts, ct);
            }
            catch (Exception no) when (no is not OperationCanceledException)
            {
                answer = facts() with { RequestId = request.Id, Failure = no.Message };
            }

            if (!await tell(answer, ct))
            {
                lock (atWork)
                {
                    atWork.Remove(request.Id);
                }
            }
        }, ct);
    }

    private async Task<HostReport> AnswerAsync(AgentRequest request, Func<HostReport> facts, CancellationToken ct)
    {
        HostReport Answer() => facts() with { RequestId = request.Id };
        if (request.Work == AgentWork.Task)
        {
            var run = await tasks.RunNowAsync(request.Handle ?? "", request.Name ?? "");
            return run is not null ? Answer() with { Runs = [run] }
                : Answer() with { Failure = "There is no such task that may run now: the account is suspended, or the task is running already." };
        }

        var there = desired.Accounts.GetValueOrDefault(request.Handle ?? "");
        if (there is { IsGone: true } && request.Work is AgentWork.Backup or AgentWork.Forget)
        {
            var (not, last) = await backups.RunAsync(there, request.Work, request.Backup ?? new BackupOrder(""), ct);
            return Answer() with { Failure = not, Backup = last };
        }

        if (there is not { } account || !host.Users.Read().ContainsKey(account.Handle) || !Directory.Exists(host.Layout.Tree(account.Handle)))
        {
            return Answer() with { Failure = "The account is not on this host." };
        }

        if (request.Work == AgentWork.Export)
        {
            return Answer() with { Failure = await link.UploadAsync($"archives/{request.Id}", to => backups.ArchiveAsync(account, to, ct), ct) };
        }

        if (request.Work is AgentWork.Send or AgentWork.Receive)
        {
            if (!desired.RemovalsConfirmed)
            {
                return Answer() with { Failure = "Panel's database was restored: nothing is moved until an admin has looked at the accounts of this host." };
            }

            return Answer() with { Move = await moving.RunAsync(account, request, Newest(account.Handle, ct)) };
        }

        var (why, made) = await backups.RunAsync(account, request.Work, request.Backup ?? new BackupOrder(""), ct);
        return Answer() with { Failure = why, Backup = made };
    }

    /// <summary>A pass of a move ends the one before it: Panel has given that one up.</summary>
    private CancellationToken Newest(string handle, CancellationToken ct)
    {
        lock (moves)
        {
            if (moves.Remove(handle, out var before))
            {
                before.Cancel();
            }

            return (moves[handle] = CancellationTokenSource.CreateLinkedTokenSource(ct)).Token;
        }
    }
}
