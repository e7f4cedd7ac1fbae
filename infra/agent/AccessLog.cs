using System.Globalization;
using System.Text.Json;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The one access log, split: figures by site and hour for Panel, and the lines for their owner. The log is put aside,
/// counted whole and only then deleted; a batch is counted once, whenever the agent is killed.</summary>
internal sealed class AccessLog(Layout layout, WebServer web)
{
    private const long LargestSiteLog = 8 << 20;
    private const int MostVisitors = 1_000_000;

    private static readonly string[] Robots = ["bot", "crawl", "spider", "slurp", "curl/", "wget/", "python-", "monitor"];

    // Visitors of today, as hashes that mean nothing outside of this process: no cookie, no address is kept.
    private readonly HashSet<int> seen = [];
    private DateOnly today;

    /// <summary>Counts what was logged since the last time.</summary>
    public async Task TurnAsync(Func<string, (string Handle, string Site)?> ownerOf, CancellationToken ct)
    {
        Files.Directory(layout.Traffic, Modes.Private);
        var current = $"{layout.Log}/access.json";
        if (File.Exists(current) && new FileInfo(current).Length > 0)
        {
            Native.Rename(current, $"{layout.Log}/access-{DateTime.UtcNow.Ticks:x16}.json");
        }

        foreach (var (aside, index) in Directory.EnumerateFiles(layout.Log, "access-*.json").Order(StringComparer.Ordinal).Select((f, i) => (f, i)).ToList())
        {
            if (index == 0)
            {
                web.ReopenLog();
            }

            // nginx writes on into the old file until it has taken the signal.
            for (var length = -1L; length != new FileInfo(aside).Length;)
            {
                length = new FileInfo(aside).Length;
                await Task.Delay(300, ct);
            }

            var batch = Path.GetFileNameWithoutExtension(aside);
            if (!File.Exists($"{layout.Traffic}/{batch}"))
            {
                Files.Put($"{layout.Traffic}/{batch}", JsonSerializer.SerializeToUtf8Bytes(Count(batch, aside, ownerOf), AgentJson.Default.IReadOnlyListTrafficReport), Modes.Secret);
            }

            File.Delete(aside);
        }
    }

    /// <summary>What Panel has not heard yet.</summary>
    public IReadOnlyList<TrafficReport> Untold() => !Directory.Exists(layout.Traffic) ? []
        : [.. Directory.EnumerateFiles(layout.Traffic, "access-*").SelectMany(f => JsonSerializer.Deserialize(File.ReadAllBytes(f), AgentJson.Default.IReadOnlyListTrafficReport) ?? [])];

    public void Told(IEnumerable<TrafficReport> traffic)
    {
        foreach (var batch in traffic.Select(t => t.Batch).Distinct())
        {
            File.Delete($"{layout.Traffic}/{batch}");
        }
    }

    /// <summary>The last lines of a site's log, oldest first.</summary>
    public IReadOnlyList<string> Tail(string handle, string site, int lines) =>
        [.. new[] { ".1", "" }.Select(end => layout.SiteLog(handle, site) + end).Where(File.Exists).SelectMany(File.ReadLines).TakeLast(lines)];

    private IReadOnlyList<TrafficReport> Count(string batch, string file, Func<string, (string Handle, string Site)?> ownerOf)
    {
        var figures = new Dictionary<(string Handle, string Site, DateTime Hour), TrafficReport>();
        var lines = new Dictionary<(string Handle, string Site), List<string>>();
        foreach (var line in File.ReadLines(file))
        {
            if (Read(line) is not { } one || ownerOf(one.Host) is not { } owner)
            {
                continue;
            }

            var hour = one.At.Date.AddHours(one.At.Hour);
            var before = figures.GetValueOrDefault((owner.Handle, owner.Site, hour)) ?? new TrafficReport(batch, owner.Handle, owner.Site, hour, 0, 0, 0, 0);
            figures[(owner.Handle, owner.Site, hour)] = before with
            {
                Bytes = before.Bytes + one.Bytes,
                Requests = before.Requests + 1,
                Visits = before.Visits + (IsNewVisitor(one, owner) ? 1 : 0),
                Errors = before.Errors + (one.Status >= 500 ? 1 : 0),
            };
            (lines.TryGetValue(owner, out var own) ? own : lines[owner] = []).Add(line);
        }

        foreach (var ((handle, site), own) in lines.Where(l => Directory.Exists(layout.Tree(l.Key.Handle))))
        {
            Append(layout.SiteLog(handle, site), own);
        }

        return [.. figures.Values];
    }

    private bool IsNewVisitor(Line one, (string Handle, string Site) owner)
    {
        if (DateOnly.FromDateTime(one.At) is var day && day != today)
        {
            seen.Clear();
            today = day;
        }

        return one.Status < 400 && !Array.Exists(Robots, r => one.Agent.Contains(r, StringComparison.OrdinalIgnoreCase))
            && seen.Count < MostVisitors && seen.Add(HashCode.Combine(owner, one.Address, one.Agent));
    }

    /// <summary>The directory and its files are root's in a tree that is root's: nothing of a member is opened here.</summary>
    private static void Append(string log, List<string> lines)
    {
        Files.Directory(Path.GetDirectoryName(log)!);
        if (File.Exists(log) && new FileInfo(log).Length > LargestSiteLog)
        {
            Native.Rename(log, log + ".1");
        }

        try
        {
            File.AppendAllLines(log, lines);
        }
        catch (IOException)
        {
            // The account is over its limit: the figures count all the same.
        }
    }

    private static Line? Read(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            string Text(string name) => root.GetProperty(name).GetString() ?? "";
            return new Line(
                DateTimeOffset.Parse(Text("at"), CultureInfo.InvariantCulture).UtcDateTime, Text("host"), Text("address"), Text("agent"),
                root.GetProperty("status").GetInt32(), root.GetProperty("bytes").GetInt64());
        }
        catch (Exception no) when (no is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private sealed record Line(DateTime At, string Host, string Address, string Agent, int Status, long Bytes);
}
