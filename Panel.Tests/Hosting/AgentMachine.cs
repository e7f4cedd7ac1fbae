extern alias agent;

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using agent::Panel.Agent;
using agent::Panel.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>The built agent as root on real nginx, php-fpm, sshd and btrfs, in a mount namespace with users of its own, and
/// a scripted Panel that it calls.</summary>
public sealed partial class AgentMachine : IAsyncLifetime, IDisposable
{
    private readonly string root = $"/srv/panel-test-{Guid.NewGuid().ToString("n")[..8]}";
    private readonly Dictionary<string, string> environment;
    private readonly SocketsHttpHandler direct = new() { AllowAutoRedirect = false, UseProxy = false };
    private Process? holder;
    private Process? running;

    public AgentMachine()
        : this(null)
    {
    }

    private AgentMachine(int? httpPort)
    {
        Data = $"{root}/data";
        Id = AgentOptions.IdOf(Data);
        (HttpPort, HttpsPort, SftpPort) = (httpPort ?? FreePort.Take(), FreePort.Take(), FreePort.Take());
        environment = new()
        {
            ["Panel__Data"] = Data,
            ["Hosting__HttpPort"] = Text(HttpPort),
            ["Hosting__HttpsPort"] = Text(HttpsPort),
            ["Hosting__SftpPort"] = Text(SftpPort),
            ["Hosting__ImageBytes"] = Text(1 << 30),
            ["Hosting__PhpIdleSeconds"] = "2",
            ["Hosting__FullPassSeconds"] = "3600",
        };
        Http = new HttpClient(direct) { BaseAddress = new Uri($"http://127.0.0.1:{HttpPort}"), Timeout = TimeSpan.FromSeconds(20) };
    }

    public string Data { get; }

    public string Id { get; }

    public int HttpPort { get; }

    public int HttpsPort { get; }

    public int SftpPort { get; }

    public string Accounts => $"/srv/panel/{Id}/accounts";

    public AgentFakePanel Panel { get; private set; } = null!;

    public HttpClient Http { get; }

    public string KeyFile => $"{root}/key";

    public string PublicKey { get; private set; } = "";

    public List<string> Said { get; } = [];

    /// <summary>Before the start: a setting of the agent.</summary>
    public void Set(string key, string value) => environment[key] = value;

    public async Task InitializeAsync()
    {
        if (RootFactAttribute.Missing is not null)
        {
            return;
        }

        Directory.CreateDirectory($"{Data}/run");
        await RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", KeyFile);
        PublicKey = string.Join(' ', (await File.ReadAllTextAsync($"{KeyFile}.pub")).Split(' ')[..2]);
        if (line is null)
        {
            Panel = new AgentFakePanel($"{Data}/run/agent.sock");
            await Panel.StartAsync();
        }

        holder = Start("unshare", [.. network is null ? Array.Empty<string>() : ["-n"], "-m", "--", Path.Combine(AppContext.BaseDirectory, "Hosting", "own-machine"), $"{root}/machine"], _ => { });
        await holder.StandardOutput.ReadLineAsync();
        if (network is { } number)
        {
            await ConnectAsync(number, Text(holder.Id));
        }

        if (line is not null)
        {
            Assert.Equal(0, await RunAgentAsync("--join", await line()));
        }

        await StartAgentAsync();
    }

    /// <summary>Returns when the agent says that it is ready.</summary>
    public async Task StartAgentAsync(params string[] arguments)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        running = Start(Enter[0], [.. Enter[1..], "dotnet", Path.Combine(AppContext.BaseDirectory, "Panel.Agent.dll"), "--id", Id, "--panel-uid", "0", .. arguments], start =>
        {
            foreach (var (key, value) in environment)
            {
                start.Environment[key] = value;
            }
        });
        void Hear(object _, DataReceivedEventArgs line)
        {
            lock (Said)
            {
                Said.Add(line.Data ?? "(end)");
            }

            if (line.Data is null || line.Data.StartsWith("Agent ready", StringComparison.Ordinal))
            {
                ready.TrySetResult();
            }
        }

        running.OutputDataReceived += Hear;
        running.ErrorDataReceived += Hear;
        running.BeginOutputReadLine();
        running.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>Done when the agent has ended, by whom ever.</summary>
    public Task Ended => running!.WaitForExitAsync();

    public async Task KillAgentAsync()
    {
        running!.Kill();
        await running.WaitForExitAsync();
    }

    public async Task<int> StopAgentAsync()
    {
        await RunAsync("kill", "-TERM", Text(running!.Id));
        await running.WaitForExitAsync();
        return running.ExitCode;
    }

    /// <summary>Runs the agent once, with these arguments, to its end.</summary>
    public async Task<int> RunAgentAsync(params string[] arguments)
    {
        await StartAgentAsync(arguments);
        await running!.WaitForExitAsync();
        return running.ExitCode;
    }

    /// <summary>A program inside the machine, where members are users.</summary>
    public Task<(int Code, string Output)> InsideAsync(params string[] command) =>
        RunAsync(Enter[0], [.. Enter[1..], .. command]);

    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments, _ => { });
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await error);
    }

    public async Task<(int Code, string Output)> SftpAsync(string handle, params string[] lines)
    {
        var batch = $"{root}/{Guid.NewGuid():n}";
        await File.WriteAllLinesAsync(batch, lines);
        string[] outside = network is null ? [] : Enter;
        string[] whole = [.. outside, "sftp", "-q", "-b", batch, "-P", Text(SftpPort), "-i", KeyFile, "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", $"{handle}@127.0.0.1"];
        return await RunAsync(whole[0], whole[1..]);
    }

    /// <summary>Puts a text where a member may write, by SFTP.</summary>
    public async Task UploadAsync(string handle, string path, string text)
    {
        var local = $"{root}/{Guid.NewGuid():n}";
        await File.WriteAllTextAsync(local, text);
        var (code, output) = await SftpAsync(handle, $"put {local} {path}");
        Assert.True(code == 0, output);
    }

    public async Task<(HttpStatusCode Code, string Text)> GetAsync(string host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        using var answer = await Http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public static AccountState Account(string handle, int uid, string key, params SiteState[] sites) =>
        new(handle, uid, 0, AccountStatus.Active, 50L << 20, sites, [new KeyState(1, key)]);

    public static SiteState Site(string handle, string name, SiteKind kind = SiteKind.Static, params string[] domains) =>
        new(name, kind, $"{name}.{handle}.localhost", domains, null);

    /// <summary>Live processes that run as this uid.</summary>
    public static IReadOnlyList<int> ProcessesOf(int uid) =>
        [.. Processes.All().Where(p => UidOf(p) == uid && Running.Of(p) is not null)];

    /// <summary>The pid of an account's php-fpm master while it runs.</summary>
    public static string? Master(string id, string handle) =>
        Daemon.ReadRecord($"/run/panel/host-{id}/daemons/php-{handle}") is { IsAlive: true } running ? Text(running.Pid) : null;

    public static Task UntilAsync(Func<bool> so) => UntilAsync(() => Task.FromResult(so()));

    public static async Task UntilAsync(Func<Task<bool>> so)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await so())
        {
            await Task.Delay(20, late.Token);
        }
    }

    public async Task DisposeAsync()
    {
        if (holder is not null)
        {
            var mine = new FileInfo($"/proc/{holder.Id}/ns/mnt").LinkTarget;
            foreach (var pid in Processes.All().Where(p => p != holder.Id && NamespaceOf(p) == mine).Append(holder.Id).ToList())
            {
                await RunAsync("kill", "-KILL", Text(pid));
            }

            await holder.WaitForExitAsync();
            await (Panel?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await RunAsync("rm", "-rf", "--", root, $"/srv/panel/{Id}", $"/run/panel/host-{Id}");
        Dispose();
    }

    public void Dispose()
    {
        Http.Dispose();
        direct.Dispose();
        holder?.Dispose();
        running?.Dispose();
    }

    private static int UidOf(int pid) => agent::Panel.Agent.Native.Look($"/proc/{pid}")?.Uid ?? -1;

    private static string? NamespaceOf(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/mnt").LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments, Action<ProcessStartInfo> more)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        more(start);
        return Process.Start(start)!;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
