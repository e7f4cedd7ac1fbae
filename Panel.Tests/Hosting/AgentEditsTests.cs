extern alias agent;

using System.Diagnostics;
using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>One member edits at random and with malice while another's site answers every request of a steady load. The short form makes
/// 200 edits; PANEL_FAULTS_EDITS says another number, PANEL_FAULTS_SEED which ones.</summary>
public sealed class AgentEditsTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private const int AtOnce = 20;

    private static readonly int Edits = Number("EDITS", 200);
    private static readonly int Seed = Number("SEED", 20261122);

    [RootFact]
    public async Task Class_4_and_14_whatever_one_member_edits_the_site_of_another_answers_every_request()
    {
        await machine.Panel.SayAsync(Account("neighbour", 290_401, machine.PublicKey, Site("neighbour", "web", SiteKind.Php, "neighbour.example")));
        await machine.UploadAsync("neighbour", "/sites/web/public/index.html", "here");
        await machine.UploadAsync("neighbour", "/sites/web/public/page.php", "<?php echo 'run';");
        var mallory = new HostileMember(Seed, $"{machine.Accounts}/{HostileMember.Handle}", machine.PublicKey);
        await machine.Panel.SayAsync(Account(HostileMember.Handle, HostileMember.Uid, machine.PublicKey, Site(HostileMember.Handle, "web", SiteKind.Php), Site(HostileMember.Handle, "app")) with { DiskLimitBytes = 40L << 20 });
        using var over = new CancellationTokenSource();
        var load = LoadAsync(over.Token);
        var clock = Stopwatch.StartNew();
        for (var done = 0; done < Edits;)
        {
            var lines = Enumerable.Range(0, Math.Min(AtOnce - 1, Edits - done)).Select(_ => mallory.File()).ToList();
            // Whatever of it blocks (a pipe that nobody reads) is the member's own affair, and ends.
            await machine.InsideAsync(["timeout", "-k", "1", "20", "setpriv", $"--reuid={HostileMember.Uid}", $"--regid={HostileMember.Uid}", "--clear-groups", "--", "env", "HOME=/nonexistent", "sh", "-c", $"exec 2>/dev/null >/dev/null </dev/null; ulimit -f 200000; {string.Join("\n", lines)}"]);
            var said = machine.Panel.SayAsync(mallory.State());
            if (await Task.WhenAny(said, load, machine.Ended) != said)
            {
                Assert.Fail($"seed {Seed}, edit {done}: {(load.IsCompleted ? await load : "the agent has ended")}\n{string.Join('\n', machine.Said.TakeLast(20))}");
            }

            await said;
            _ = machine.GetAsync($"web.{HostileMember.Handle}.localhost", "/index.php").ContinueWith(t => t.Exception, TaskScheduler.Default);
            done += lines.Count + 1;
        }

        await machine.Panel.RequestAsync(AgentWork.Usage);
        Assert.Equal(0, (await machine.InsideAsync("nginx", "-t", "-q", "-c", $"/srv/panel/{machine.Id}/nginx/nginx.conf")).Code);
        await over.CancelAsync();
        var answers = await load;
        Assert.StartsWith("all of ", answers, StringComparison.Ordinal);
        await TellAsync($"| {Edits} | {Seed} | {answers} | {clock.Elapsed:mm\\:ss} |");

        // An honest word makes it whole again, however it was left.
        await machine.Panel.SayAsync(Account(HostileMember.Handle, HostileMember.Uid, machine.PublicKey, Site(HostileMember.Handle, "web", SiteKind.Php), Site(HostileMember.Handle, "app")));
        var plan = (await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!;
        Assert.True(plan.Count == 0, string.Join('\n', plan));
    }

    /// <summary>Static and PHP pages in turn, twenty a second, until it is over; the first answer that was not right ends it.</summary>
    private async Task<string> LoadAsync(CancellationToken ct)
    {
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var (count, worst) = (0, TimeSpan.Zero);
        for (; !ct.IsCancellationRequested; count++)
        {
            var (page, wanted) = count % 2 == 0 ? ("/", "here") : ("/page.php", "run");
            var clock = Stopwatch.StartNew();
            var answer = await machine.GetAsync("neighbour.example", page);
            worst = clock.Elapsed > worst ? clock.Elapsed : worst;
            if (answer != (HttpStatusCode.OK, wanted))
            {
                return $"the neighbour's {page} answered {answer.Code} {answer.Text} after {count} answers";
            }

            await beat.WaitForNextTickAsync(CancellationToken.None);
        }

        return string.Create(CultureInfo.InvariantCulture, $"all of {count} answered, the slowest in {worst.TotalMilliseconds:0} ms");
    }

    private static int Number(string name, int usually) => int.TryParse(Environment.GetEnvironmentVariable($"PANEL_FAULTS_{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : usually;

    private static async Task TellAsync(string row)
    {
        if (Environment.GetEnvironmentVariable("PANEL_FAULTS_TABLE") is { Length: > 0 } table)
        {
            await File.AppendAllTextAsync(table, row + "\n");
        }
    }
}
