using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Panel.Tests.Data;

namespace Panel.Tests.EndToEnd;

/// <summary>A whole house as a stranger starts it: <c>infra/run --background</c> on an empty data directory, with real nginx,
/// php-fpm, sshd and agent, and a relay that is Postfix's smtp-sink. One for all journeys; stopped by <c>infra/stop</c>, also
/// after a failure.</summary>
public sealed class House : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private readonly string folder = Directory.CreateDirectory($"/srv/panel-journey-{Environment.ProcessId}").FullName;
    private readonly Dictionary<string, string> environment = [];
    private Process? sink;

    public static string Root { get; } = FindRoot();

    public Uri Address { get; } = new($"http://localhost:{FreePort.Take()}");

    /// <summary>The one-time link that <c>infra/run</c> printed.</summary>
    public Uri FirstLink { get; private set; } = null!;

    /// <summary>Where smtp-sink puts each mail it took, a file each.</summary>
    public string Mails => Path.Combine(folder, "mails");

    public string Folder => folder;

    /// <summary>Where accounts, configuration and process records lie: <c>/srv/panel/ID</c>, the id from the data path.</summary>
    public string State => $"/srv/panel/{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Path.Combine(folder, "data"))))[..8]}";

    public IReadOnlyDictionary<string, string> Settings => environment;

    public async Task InitializeAsync()
    {
        var relay = FreePort.Take();
        Directory.CreateDirectory(Mails);
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["Panel__Data"] = Path.Combine(folder, "data"),
            ["Panel__PublicUrl"] = Address.ToString().TrimEnd('/'),
            ["Urls"] = $"http://127.0.0.1:{Address.Port}",
            ["Newsletters__Hold"] = "00:00:01",
            ["Mail__Transport"] = "smtp",
            ["Mail__Smtp__Port"] = relay.ToString(CultureInfo.InvariantCulture),
            ["HOUSE"] = folder,
            ["PANEL"] = Path.Combine(Root, "infra", "panel"),
        })
        {
            environment[key] = value;
        }

        sink = Process.Start(new ProcessStartInfo("smtp-sink", ["-u", "root", "-d", "mail.", $"127.0.0.1:{relay}", "100"]) { WorkingDirectory = Mails })!;
        var (code, output) = await RunAsync(Path.Combine(Root, "infra", "run"), "--background", "--yes");
        Assert.True(code == 0, output);
        var link = output.Split('\n').Single(l => l.Contains("/welcome/", StringComparison.Ordinal));
        FirstLink = new Uri(link[link.IndexOf("http", StringComparison.Ordinal)..].Trim());
    }

    public async Task DisposeAsync()
    {
        var (code, output) = await RunAsync(Path.Combine(Root, "infra", "stop"));
        if (sink is { HasExited: false })
        {
            sink.Kill();
            await sink.WaitForExitAsync();
        }

        sink?.Dispose();
        Assert.True(code == 0, output);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Runs <c>panel VERB... --json</c> as the operator and returns the document.</summary>
    public async Task<JsonNode> PanelAsync(params string[] verb)
    {
        var (code, output) = await RunAsync(environment["PANEL"], [.. verb, "--json"]);
        Assert.True(code == 0, $"panel {string.Join(' ', verb)}: {output}");
        return JsonNode.Parse(output)!;
    }

    /// <summary>Runs a program in the house's environment; everything it said, whichever way.</summary>
    public async Task<(int Code, string Output)> RunAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Root };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        using var hurry = new CancellationTokenSource(Patience);
        var output = process.StandardOutput.ReadToEndAsync(hurry.Token);
        var error = process.StandardError.ReadToEndAsync(hurry.Token);
        await process.WaitForExitAsync(hurry.Token);
        return (process.ExitCode, await output + await error);
    }

    /// <summary>Asks again until the answer is there; the deadline is long because the machine may be busy.</summary>
    public static async Task<T> UntilAsync<T>(Func<Task<T?>> ask, string what)
        where T : class
    {
        var since = Stopwatch.StartNew();
        using var beat = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await beat.WaitForNextTickAsync())
        {
            if (await ask() is { } found)
            {
                return found;
            }

            Assert.True(since.Elapsed < TimeSpan.FromSeconds(90), $"{what} did not happen within 90 s.");
        }

        throw new UnreachableException();
    }

    /// <summary>The mail to an address whose text holds <paramref name="words"/>, headers and body as they arrived.</summary>
    public Task<string> MailToAsync(string address, string words) => UntilAsync(
        () => Task.FromResult(Directory.EnumerateFiles(Mails).Select(File.ReadAllText).FirstOrDefault(
            m => m.Contains($"<{address}>", StringComparison.Ordinal) && m.Contains(words, StringComparison.Ordinal) && m.EndsWith('\n'))),
        $"A mail to {address} with \"{words}\"");

    private static string FindRoot([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}

/// <summary>Journeys share one house and the machine's finger port, so they run one after the other and beside nothing else.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Journeys : ICollectionFixture<House>
{
    public const string Name = "journeys";
}
