using System.Globalization;

namespace Panel.Bench.Hosting;

/// <summary>The rows of hosting at three sizes, with their slope, and against the peers of the field.</summary>
internal static class HostingRows
{
    private const int Changes = 60, Sites = 5_000, Accounts = 15;

    // Smaller only to try the row itself.
    private static readonly int Most = int.TryParse(Environment.GetEnvironmentVariable("PANEL_BENCH_ACCOUNTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : 10_000;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        var peer = await ReloadPeer.MeasureAsync(Sites, Accounts);
        Console.WriteLine($"  {peer}");
        var f = await ScaleRow.MeasureAsync([.. new[] { 10, 1_010, Most }.Where(s => s <= Most).Distinct()], Changes);
        var (small, large) = (f.Changes[0], f.Changes[^1]);
        var slope = (large.P95Milliseconds - small.P95Milliseconds) / Math.Max(1, large.Accounts - small.Accounts) * 1000;
        return
        [
            new Row($"one change to live, {large.Accounts:N0} accounts", $"p95 {large.P95Milliseconds:N0} ms", $"p95 {small.P95Milliseconds:N0} ms with {small.Accounts}", large.P95Milliseconds / small.P95Milliseconds,
                "<= 300 ms, <= 1.5", large.P95Milliseconds <= 300 && large.P95Milliseconds <= 1.5 * small.P95Milliseconds,
                string.Join("; ", f.Changes.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Accounts:N0}: median {c.MedianMilliseconds:N0}, p95 {c.P95Milliseconds:N0}, worst {c.WorstMilliseconds:N0} ms"))) + $"; slope {slope:N1} ms per 1,000 accounts"),
            new Row($"one change to live against a server block and a reload each ({peer.Sites:N0} sites)", $"p95 {large.P95Milliseconds:N0} ms", $"{peer.ReloadMilliseconds:N0} ms", peer.ReloadMilliseconds / large.P95Milliseconds, ">= 5",
                peer.ReloadMilliseconds >= 5 * large.P95Milliseconds, "nginx -t and a reload until the new block answers; ours has twice the accounts"),
            new Row("1,000 accounts from nothing (user, home, site, quota)", $"{f.AccountsPerSecond:N0}/s", $"{peer.AccountsPerSecond:N1}/s useradd, block and reload each, its mean over the thousand", f.AccountsPerSecond / peer.AccountsPerSecond, ">= 50/s, >= 20",
                f.AccountsPerSecond >= 50 && f.AccountsPerSecond >= 20 * peer.AccountsPerSecond, "through the API, each call durable, until every site answers"),
            new Row($"full pass with nothing to do, {large.Accounts:N0} accounts", $"{f.Pass.CpuSeconds:N2} s CPU", "2 s", null, "<= 2 s CPU of the agent, 0 reloads", f.Pass is { CpuSeconds: <= 2, Reloads: 0 }, $"{f.Pass.Seconds:N1} s until its report is stored"),
            new Row($"quota check of {large.Accounts:N0} accounts", $"{f.Quota.Seconds * 1000:N0} ms", $"{f.Quota.TableSeconds * 1000:N0} ms one read of the quota groups", f.Quota.Seconds / f.Quota.TableSeconds, "<= 3",
                f.Quota.Seconds <= 3 * f.Quota.TableSeconds, "asked, measured, told, stored and checked against each package"),
        ];
    }
}
