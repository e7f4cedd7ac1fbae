using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The agent's life: ask Panel, pass over what changed or is due, report; for ever. SIGTERM ends it with all its
/// daemons; after SIGKILL they run on and the next agent finds them.</summary>
internal sealed partial class HostAgent(AgentOptions options, Host host, AgentLink link, TimeProvider time)
{
    // Shorter than the 2 minutes after which Panel calls a host silent.
    private const int LongestWait = 25;

    private const int LongestTail = 2000, MostDrift = 200;

    // Databases near their limit; all of them are measured by the full pass and when Panel asks.
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(2), LookEvery = TimeSpan.FromMinutes(1);

    private readonly Retries retries = new(time);
    private readonly Ledger ledger = new();
    private readonly AccountWork work = new(options, host, link, time);
    private readonly Dictionary<string, DriftReport> drift = new(StringComparer.Ordinal);
    private Desired desired = Desired.Load(host.Layout, host.Log);
    private readonly Lazy<bool> sameDisk = new(() => new Repositories(options).AreOnSameDisk(host.Layout));
    private readonly HashSet<string> crossed = new(StringComparer.Ordinal);
    private DateTimeOffset nextFull, nextLook;
    private TimeSpan absence = TimeSpan.Zero;

    public static async Task<int> RunAsync(AgentOptions options)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stop.Cancel();
        }

        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var host = Host.Prepare(options, line => Console.WriteLine(line));
        using var link = new AgentLink(options);
        Console.WriteLine($"Agent ready: {host.Layout.Root}, {host.Volume.Kind}, http {host.Ports.HttpPort}, https {host.Ports.HttpsPort}, sftp {host.Ports.SftpPort}.");
        try
        {
            var agent = new HostAgent(options, host, link, TimeProvider.System);
            await Task.WhenAll(agent.LoopAsync(stop.Token), agent.work.TickAsync(agent.Facts, agent.TellAsync, stop.Token), agent.HomesAsync(stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            host.Stop();
        }

        return 0;
    }

    private async Task LoopAsync(CancellationToken ct)
    {
        work.Want(desired);
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                await TurnAsync(await AskAsync(ct), ct);
            }
#pragma warning disable CA1031 // Whatever Panel says or the machine does, the other accounts go on.
            catch (Exception no) when (no is not OperationCanceledException || !ct.IsCancellationRequested)
#pragma warning restore CA1031
            {
                host.Log($"Put off for a moment: {no.Message}");
                nextFull = time.GetUtcNow() + AfterTrouble;
                await Task.Delay(AfterTrouble, time, ct);
            }
        }
    }

    private Task HomesAsync(CancellationToken ct) => new HomeFiles(host.Layout, host.Log).RunAsync(
        () => Volatile.Read(ref desired) is { Epoch.Length: > 0 } now ? now.Accounts.Values : [], news => TellAsync(Facts() with { Homes = news }, ct), time, ct);

    private async Task TurnAsync(AccountsAnswer? answer, CancellationToken ct)
    {
        var full = time.GetUtcNow() >= nextFull || answer is { Full: true };
        HashSet<string> changed = [.. retries.Due(), .. host.Certificates.TakeNews()];
        if (answer is not null)
        {
            Take(answer, changed);
        }

        host.KeepDaemons();
        var requests = answer?.Requests ?? [];
        foreach (var request in requests.Where(r => r.Work == AgentWork.Plan))
        {
            var plan = Pass.Begin(host, true, [], time).Preview(desired.Accounts.Values, desired.RemovalsConfirmed);
            await TellAsync(Facts() with { RequestId = request.Id, Plan = plan }, ct);
        }

        foreach (var request in requests.Where(r => r.Work >= AgentWork.Task))
        {
            work.Begin(request, Facts, TellAsync, ct);
        }

        full |= requests.Any(r => r.Work == AgentWork.Converge);
        if (full || changed.Count > 0 || ledger.Unsent || (ledger.NeverSent && answer is not null))
        {
            await PassAsync(full, changed, requests.Where(r => r.Work == AgentWork.Converge).Select(r => r.Id), ct);
        }

        if (full)
        {
            await CountAsync(null, ct);
        }

        foreach (var request in requests.Where(r => r.Work == AgentWork.Usage))
        {
            await TellAsync(Facts() with { RequestId = request.Id, Usage = Usage() }, ct);
        }

        if (time.GetUtcNow() >= nextLook)
        {
            crossed.UnionWith(host.Databases.Look());
            nextLook = time.GetUtcNow() + LookEvery;
        }

        if (crossed.Count > 0)
        {
            await PassAsync(false, [.. crossed], [], ct);
            crossed.Clear();
        }

        foreach (var request in requests.Where(r => r.Work == AgentWork.Log))
        {
            await CountAsync(request, ct);
        }
    }

    /// <summary>Null when Panel cannot be reached or nothing may be asked before the next pass is due.</summary>
    private async Task<AccountsAnswer?> AskAsync(CancellationToken ct)
    {
        var due = Earliest(Earliest(nextFull, nextLook), retries.Next) - time.GetUtcNow();
        if (nextFull == default)
        {
            return null;
        }

        try
        {
            var answer = await WatchAsync(early => link.AskAsync(desired.Epoch, desired.Revision, (int)Math.Clamp(Math.Ceiling(due.TotalSeconds), 0, LongestWait), early), ct);
            absence = TimeSpan.Zero;
            return answer;
        }
        catch (Exception away) when (IsAway(away, ct))
        {
            if (absence == TimeSpan.Zero)
            {
                host.Log($"Panel does not answer, its last word stays in force: {away.Message}");
            }

            absence = TimeSpan.FromMilliseconds(Math.Clamp(absence.TotalMilliseconds * 2, 100, 3000));
            await Task.Delay(due > TimeSpan.Zero && due < absence ? due : absence, time, ct);
            return null;
        }
    }

    /// <summary>Gives the question up, with null, as soon as one of the daemons dies.</summary>
    private async Task<AccountsAnswer?> WatchAsync(Func<CancellationToken, Task<AccountsAnswer>> ask, CancellationToken ct)
    {
        using var early = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var answer = ask(early.Token);
        while (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), time, ct)) != answer)
        {
            if (host.IsOneDown || host.Certificates.HasNews)
            {
                await early.CancelAsync();
                return await answer.ContinueWith(a => a.IsCompletedSuccessfully ? a.Result : null, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        return await answer;
    }

    private void Take(AccountsAnswer answer, HashSet<string> changed)
    {
        // The same revision of an account is not news: a full answer repeats everything.
        changed.UnionWith(answer.Accounts.Where(a => desired.Accounts.GetValueOrDefault(a.Handle)?.Revision != a.Revision || desired.Epoch != answer.Epoch).Select(a => a.Handle));
        if (answer.Epoch != desired.Epoch || answer.Revision != desired.Revision || answer.RemovalsConfirmed != desired.RemovalsConfirmed || answer.Full)
        {
            if (answer.RemovalsConfirmed && !desired.RemovalsConfirmed)
            {
                nextFull = time.GetUtcNow();
            }

            desired = desired.After(answer);
            desired.Save(host.Layout, answer);
            work.Want(desired);
        }
    }

    private async Task PassAsync(bool full, HashSet<string> changed, IEnumerable<long> requests, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        List<AccountState> accounts = full ? [.. desired.Accounts.Values] : [.. changed.Select(desired.Accounts.GetValueOrDefault).OfType<AccountState>()];
        var pass = Pass.Begin(host, full, accounts, time);
        foreach (var pinned in accounts.Where(a => a.Pinned && !changed.Contains(a.Handle)).ToList())
        {
            accounts.Remove(pinned);
            drift[pinned.Handle] = new DriftReport(pinned.Handle, false, [.. pass.Preview([pinned], desired.RemovalsConfirmed).Take(MostDrift)]);
        }

        var passed = await pass.RunAsync(accounts, desired.RemovalsConfirmed, ct);
        foreach (var account in passed)
        {
            if (full && account is { Well: true, Steps.Count: > 0 } && !changed.Contains(account.Report.Handle) && ledger.Knows(account.Report))
            {
                drift[account.Report.Handle] = new DriftReport(account.Report.Handle, true, [.. account.Steps.SelectMany(s => s.Lines).Take(MostDrift)]);
            }

            retries.Note(account.Report.Handle, account.Well);
            ledger.Note(account.Report);
            account.Steps.ToList().ForEach(step => host.Log($"{step}"));
        }

        if (full)
        {
            nextFull = time.GetUtcNow() + options.FullPassEvery;
            ledger.KeepOnly(desired.Accounts.Keys);
            host.TidyUp(time.GetUtcNow());
        }

        host.Web.Names(Redirects(), host.Vhosts.Wildcards());

        var ids = requests.Select(id => (long?)id).DefaultIfEmpty(null);
        foreach (var id in ids)
        {
            var whole = id is not null || ledger.NeverSent;
            if (desired.Epoch.Length > 0 && await TellAsync(Facts() with
            {
                Full = whole,
                Milliseconds = clock.ElapsedMilliseconds,
                Accounts = whole ? ledger.All : ledger.News,
                Usage = full ? Usage() : [],
                Drift = [.. drift.Values],
                Plan = id is null ? null : [.. passed.SelectMany(p => p.Steps).SelectMany(s => s.Lines)],
                RequestId = id,
            }, ct))
            {
                ledger.Sent();
                drift.Clear();
            }
        }
    }

    private async Task<bool> TellAsync(HostReport report, CancellationToken ct)
    {
        try
        {
            await link.TellAsync(report, ct);
            return true;
        }
        catch (Exception away) when (IsAway(away, ct))
        {
            host.Log($"The report did not reach Panel and is said again later: {away.Message}");
            return false;
        }
    }

    private static bool IsAway(Exception no, CancellationToken ct) =>
        no is HttpRequestException or IOException or JsonException || (no is OperationCanceledException && !ct.IsCancellationRequested);

    private static DateTimeOffset Earliest(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;
}
