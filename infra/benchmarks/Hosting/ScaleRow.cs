using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Data.Sqlite;
using Panel.Hosting;

namespace Panel.Bench.Hosting;

/// <summary>One house that grows. Milliseconds of a change to live by accounts; new accounts a second; what a pass and a quota check
/// cost in the end.</summary>
internal sealed record ScaleFigures(IReadOnlyList<SiteFigures> Changes, double AccountsPerSecond, PassFigures Pass, QuotaFigures Quota);

/// <summary>A full pass with nothing to do: processor seconds of the agent and of what it ran, wall seconds, reloads of nginx.</summary>
internal sealed record PassFigures(double CpuSeconds, double Seconds, int Reloads);

/// <summary>Seconds from the host taking the question until the figures are stored and checked, and of one bare read of the quota groups.</summary>
internal sealed record QuotaFigures(double Seconds, double TableSeconds);

/// <summary>The same house at three sizes, so that the slope is seen and not guessed.</summary>
internal static class ScaleRow
{
    // The fill goes through the API as a person's script would: some calls at once, each durable.
    private const int Hands = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    public static async Task<ScaleFigures> MeasureAsync(int[] sizes, int changes, CancellationToken ct = default)
    {
        await using var house = await OwnHouse.StartAsync(ct);
        await house.PostAsync("/api/v1/packages", new { name = "bench", diskBytes = 1L << 28, sites = 1000, databases = 1, domains = 1, lists = 1, mails = 1 }, ct);
        var (figures, perSecond, there) = (new List<SiteFigures>(), 0.0, 0);
        foreach (var size in sizes)
        {
            var rate = await FillAsync(house, there, size, ct);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {size - there:N0} accounts made, {rate:N1}/s"));
            perSecond = size - there is >= 900 and <= 1100 ? rate : perSecond;
            there = size;
            figures.Add(await ChangesAsync(house, size, changes, ct));
            Console.WriteLine($"  {figures[^1]}");
        }

        var pass = await PassAsync(house, ct);
        Console.WriteLine($"  {pass}");
        return new ScaleFigures(figures, perSecond, pass, await QuotaAsync(house, ct));
    }

    /// <summary>From the first call until every site answers: user, home, quota, site.</summary>
    private static async Task<double> FillAsync(OwnHouse house, int from, int to, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = Hands, CancellationToken = ct }, async (i, stop) =>
        {
            await house.PostAsync("/api/v1/members", new { handle = $"member{i}", email = $"member{i}@example.org", package = "bench" }, stop);
            await house.PostAsync($"/api/v1/members/member{i}/sites", new { name = "web", kind = "static" }, stop);
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  asked for in {clock.Elapsed.TotalSeconds:N1} s"));
        for (var i = from; i < to; i++)
        {
            await LiveAsync(house, $"web.member{i}.localhost", clock, ct);
        }

        return (to - from) / clock.Elapsed.TotalSeconds;
    }

    private static async Task<SiteFigures> ChangesAsync(OwnHouse house, int accounts, int changes, CancellationToken ct)
    {
        var found = new List<double>();
        for (var change = 0; change < changes; change++)
        {
            var (handle, name) = ($"member{change * 7919L % accounts}", string.Create(CultureInfo.InvariantCulture, $"s{change}n{accounts}"));
            await house.PostAsync($"/api/v1/members/{handle}/sites", new { name, kind = "static" }, ct);
            var clock = Stopwatch.StartNew();
            await LiveAsync(house, $"{name}.{handle}.localhost", clock, ct);
            found.Add(clock.Elapsed.TotalMilliseconds);
            await house.DeleteAsync($"/api/v1/members/{handle}/sites/{name}", ct);
        }

        found.Sort();
        return new SiteFigures(accounts, changes, found[found.Count / 2], found[(int)(found.Count * 0.95)], found[^1]);
    }

    private static async Task LiveAsync(OwnHouse house, string host, Stopwatch clock, CancellationToken ct)
    {
        while (await house.VisitAsync(host, ct) != HttpStatusCode.OK)
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"{host} was not live after {Patience}. {house.LastWords}");
            }

            await Task.Delay(1, ct);
        }
    }

    private static async Task<PassFigures> PassAsync(OwnHouse house, CancellationToken ct)
    {
        var host = (await house.GetAsync("/api/v1/hosts", ct))[0].GetProperty("name").GetString();
        var figures = new List<PassFigures>();
        for (var i = 0; i < 4; i++)
        {
            var (before, workers, clock) = (Cpu(house.AgentPid), Children(house.NginxPid), Stopwatch.StartNew());
            await house.PostAsync($"/api/v1/hosts/{host}/passes", new { }, ct);
            figures.Add(new PassFigures(Cpu(house.AgentPid) - before, clock.Elapsed.TotalSeconds, workers.SetEquals(Children(house.NginxPid)) ? 0 : 1));
        }

        // The first may still heal or compile something.
        return figures.Skip(1).OrderBy(f => f.CpuSeconds).ElementAt(1);
    }

    private static async Task<QuotaFigures> QuotaAsync(OwnHouse house, CancellationToken ct)
    {
        var (whole, table) = (new List<double>(), new List<double>());
        for (var i = 0; i < 5; i++)
        {
            var clock = Stopwatch.StartNew();
            await house.InsideAsync("btrfs", "qgroup", "show", "--raw", "-re", "--sync", house.Accounts);
            table.Add(clock.Elapsed.TotalSeconds);
            whole.Add(await AskAsync(house, ct));
        }

        return new QuotaFigures(whole.Order().ElementAt(2), table.Order().ElementAt(2));
    }

    /// <summary>What the job writes every quarter of an hour, and the time until its answer is committed.</summary>
    private static async Task<double> AskAsync(OwnHouse house, CancellationToken ct)
    {
        await using var db = new SqliteConnection($"Data Source={house.Database}");
        await db.OpenAsync(ct);
        await using var ask = db.CreateCommand();
        ask.CommandText = $"INSERT INTO host_requests (host_id, work, asked_by, asked_at, milliseconds) SELECT id, '{nameof(AgentWork.Usage)}', 'bench', '{DateTime.UtcNow:yyyy-MM-dd HH:mm:ss.fff}', 0 FROM hosts RETURNING id";
        var id = await ask.ExecuteScalarAsync(ct);
        await using var look = db.CreateCommand();
        var (taken, patience) = (new Stopwatch(), Stopwatch.StartNew());
        while (patience.Elapsed < TimeSpan.FromMinutes(2))
        {
            look.CommandText = $"SELECT (taken_at IS NOT NULL) + (answered_at IS NOT NULL) FROM host_requests WHERE id = {id}";
            var state = Convert.ToInt32(await look.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
            if (state >= 1 && !taken.IsRunning)
            {
                taken.Start();
            }

            if (state == 2)
            {
                return taken.Elapsed.TotalSeconds;
            }

            await Task.Delay(1, ct);
        }

        throw new InvalidOperationException($"The quota check was not answered. {house.LastWords}");
    }

    /// <summary>Seconds of user and system time of a process and its waited-for children (fields 14 to 17 of /proc/PID/stat, 100 a second).</summary>
    private static double Cpu(int pid)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ')[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)) / 100.0;
    }

    private static HashSet<string> Children(int pid) => [.. File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
