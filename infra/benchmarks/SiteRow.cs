using System.Diagnostics;
using System.Globalization;
using System.Net;
using Panel.Bench.Hosting;

namespace Panel.Bench;

/// <summary>One change to live: from the moment the API has answered until the site answers a visitor. Milliseconds.</summary>
public sealed record SiteFigures(int Accounts, int Changes, double MedianMilliseconds, double P95Milliseconds, double WorstMilliseconds);

public static class SiteRow
{
    // A change that takes longer is broken, not slow.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Needs root and Debian's nginx, php-fpm and sshd: starts Panel and its agent on free ports of loopback, in a mount
    /// namespace of their own. Throws <see cref="InvalidOperationException"/> with the reason when the machine cannot.</summary>
    public static async Task<SiteFigures> MeasureAsync(int accounts = 10, int changes = 60, CancellationToken ct = default)
    {
        await using var house = await OwnHouse.StartAsync(ct);
        for (var i = 0; i < accounts; i++)
        {
            await house.PostAsync("/api/v1/members", new { handle = $"member{i}", email = $"member{i}@example.org" }, ct);
        }

        // The first change of each account also makes its home, and belongs to the row of new accounts.
        for (var i = 0; i < accounts; i++)
        {
            await ChangeAsync(house, $"member{i}", "warm", ct);
        }

        var found = new List<double>();
        for (var change = 0; change < changes; change++)
        {
            var (handle, name) = ($"member{change % accounts}", string.Create(CultureInfo.InvariantCulture, $"s{change}"));
            found.Add(await ChangeAsync(house, handle, name, ct));
            await house.DeleteAsync($"/api/v1/members/{handle}/sites/{name}", ct);
        }

        found.Sort();
        return new SiteFigures(accounts, changes, found[found.Count / 2], found[(int)(found.Count * 0.95)], found[^1]);
    }

    private static async Task<double> ChangeAsync(OwnHouse house, string handle, string name, CancellationToken ct)
    {
        await house.PostAsync($"/api/v1/members/{handle}/sites", new { name, kind = "static" }, ct);
        var clock = Stopwatch.StartNew();
        while (await house.VisitAsync($"{name}.{handle}.localhost", ct) != HttpStatusCode.OK)
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"{name} of {handle} was not live after {Patience.TotalSeconds} s. {house.LastWords}");
            }

            await Task.Delay(1, ct);
        }

        return clock.Elapsed.TotalMilliseconds;
    }
}
