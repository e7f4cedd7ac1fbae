using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Panel.Tests;

namespace Panel.Bench.Hosting;

/// <summary>Panel and its agent as they run, on a data directory and ports of their own. The agent has its own mount namespace, so
/// that users and /etc of the machine stay as they are.</summary>
internal sealed class OwnHouse : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly string root = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private readonly string id = Guid.NewGuid().ToString("n")[..8];
    private readonly Dictionary<string, string> environment;
    private readonly List<Process> running = [];
    private readonly HttpClient visitor;
    private readonly HttpClient panel;
    private string lastWords = "";

    private OwnHouse()
    {
        var http = FreePort.Take();
        environment = new()
        {
            ["Panel__Data"] = $"{root}/data",
            ["Urls"] = Loopback(FreePort.Take()),
            ["Finger__Listen"] = $"127.0.0.1:{FreePort.Take()}",
            ["Mail__Lmtp__Listen"] = $"127.0.0.1:{FreePort.Take()}",
            ["Hosting__HttpPort"] = Text(http),
            ["Hosting__HttpsPort"] = Text(FreePort.Take()),
            ["Hosting__SftpPort"] = Text(FreePort.Take()),
            ["Hosting__ImageBytes"] = Text(16L << 30),
        };
        visitor = new HttpClient { BaseAddress = new Uri(Loopback(http)) };
        panel = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, ct) => await ConnectAsync(ct) }) { BaseAddress = new Uri("http://panel"), Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>The last line of the agent, for a failure's message.</summary>
    public string LastWords => lastWords;

    public int AgentPid => running[^1].Id;

    public string Database => $"{root}/data/panel.db";

    /// <summary>The one nginx of the house; its workers are new after every reload.</summary>
    public int NginxPid => int.Parse(File.ReadAllText($"/run/panel/host-{id}/nginx.pid"), CultureInfo.InvariantCulture);

    public string Accounts => $"/srv/panel/{id}/accounts";

    /// <summary>A program among the users and mounts of the house; what it says.</summary>
    public async Task<string> InsideAsync(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("nsenter", ["-m", "-t", Text(running[1].Id), "--", .. command]) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? said : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}");
    }

    public static async Task<OwnHouse> StartAsync(CancellationToken ct)
    {
        if (Environment.UserName != "root")
        {
            throw new InvalidOperationException("the agent makes users and mounts, so this row needs root");
        }

        var house = new OwnHouse();
        try
        {
            await house.BeginAsync(ct);
            return house;
        }
        catch
        {
            await house.DisposeAsync();
            throw;
        }
    }

    public async Task PostAsync(string path, object body, CancellationToken ct)
    {
        using var answer = await panel.PostAsJsonAsync(path, body, ct);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync(ct)}");
        }
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken ct) => await panel.GetFromJsonAsync<JsonElement>(path, ct);

    public async Task DeleteAsync(string path, CancellationToken ct)
    {
        using var answer = await panel.DeleteAsync(path, ct);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<HttpStatusCode> VisitAsync(string host, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
        using var answer = await visitor.SendAsync(request, ct);
        return answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        // In reverse: the agent ends its daemons on SIGTERM, then Panel, then the namespace with its mounts.
        foreach (var process in Enumerable.Reverse(running).Where(p => !p.HasExited))
        {
            await RunAsync("kill", "-TERM", Text(process.Id));
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await process.WaitForExitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
            }
        }

        running.ForEach(p => p.Dispose());
        visitor.Dispose();
        panel.Dispose();
        await RunAsync("rm", "-rf", "--", root, $"/srv/panel/{id}", $"/run/panel/host-{id}");
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        Directory.CreateDirectory($"{root}/data");
        running.Add(Start("dotnet", [Published.Web], null));
        await UntilAsync(() => File.Exists($"{root}/data/run/agent.sock"), "Panel did not start", ct);

        var holder = Start("unshare", ["--mount", "--propagation", "private", "--", "sleep", "infinity"], null);
        running.Add(holder);
        var own = new FileInfo("/proc/self/ns/mnt").LinkTarget;
        await UntilAsync(() => new FileInfo($"/proc/{holder.Id}/ns/mnt").LinkTarget is { } ns && ns != own, "no mount namespace could be made", ct);
        string[] inside = ["-m", "-t", Text(holder.Id), "--"];
        Directory.CreateDirectory($"{root}/users");
        Directory.CreateDirectory("/var/lib/extrausers");
        await RunAsync("cp", "-a", "/etc", $"{root}/etc");
        await RunAsync("nsenter", [.. inside, "mount", "--bind", $"{root}/etc", "/etc"]);
        await RunAsync("nsenter", [.. inside, "mount", "--bind", $"{root}/users", "/var/lib/extrausers"]);

        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running.Add(Start("nsenter", [.. inside, "dotnet", Path.Combine(AppContext.BaseDirectory, "Panel.Agent.dll"), "--id", id, "--panel-uid", "0"], line =>
        {
            lastWords = line ?? lastWords;
            if (line?.StartsWith("Agent ready", StringComparison.Ordinal) != false)
            {
                ready.TrySetResult();
            }
        }));
        await ready.Task.WaitAsync(Patience, ct);
        if (running[^1].HasExited)
        {
            throw new InvalidOperationException($"the agent ended: {lastWords}");
        }
    }

    private Process Start(string program, string[] arguments, Action<string?>? hear)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => hear?.Invoke(line.Data);
        process.ErrorDataReceived += (_, line) => lastWords = line.Data ?? lastWords;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint($"{root}/data/run/panel.sock"), ct);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task UntilAsync(Func<bool> so, string orElse, CancellationToken ct)
    {
        for (var clock = Stopwatch.StartNew(); !so();)
        {
            if (clock.Elapsed > Patience)
            {
                throw new InvalidOperationException(orElse);
            }

            await Task.Delay(20, ct);
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
    }

    private static string Loopback(int port) => $"http://127.0.0.1:{Text(port)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
