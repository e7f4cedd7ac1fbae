using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Panel.Tests.Data;
using Panel.Web.Shared;

namespace Panel.Tests.Newsletters;

/// <summary>The real program as a process of its own, to be killed and started again on the same data.</summary>
internal sealed class CrashedPanel(TempFolder folder, IReadOnlyDictionary<string, string> settings) : IAsyncDisposable
{
    /// <summary>What infra/setup published, which starts sooner; otherwise what was built beside the tests.</summary>
    private static readonly string Program = Environment.GetEnvironmentVariable("PANEL_PROGRAMS") is { Length: > 0 } programs && File.Exists(Path.Combine(programs, "web", "Panel.Web.dll"))
        ? Path.Combine(programs, "web", "Panel.Web.dll")
        : Path.Combine(Path.GetDirectoryName(typeof(PanelController).Assembly.Location)!, "Panel.Web.dll");

    private readonly Lock gate = new();
    private readonly int port = FreePort.Take();
    private Process? process;
    private bool killed;

    /// <summary>Where browsers and mail programs reach it, and what its links begin with.</summary>
    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    /// <summary>Returns when it answers, or when it was killed before it did.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Program },
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Started hundreds of times for a second each: code that is measured to be made faster later is never reached.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["Panel__Data"] = folder.Path;
        start.Environment["Urls"] = Address.ToString();
        start.Environment["Panel__PublicUrl"] = Address.ToString();
        start.Environment["Finger__Listen"] = "127.0.0.1:0";
        start.Environment["Mail__Lmtp__Listen"] = "127.0.0.1:0";
        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        var started = Process.Start(start)!;
        _ = started.StandardOutput.ReadToEndAsync();
        var errors = started.StandardError.ReadToEndAsync();
        lock (gate)
        {
            (process, killed) = (started, false);
        }

        using var http = Operator();
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var deadline = DateTime.UtcNow.AddSeconds(120);
        while (!await AnswersAsync(http) && !killed)
        {
            Assert.False(started.HasExited && !killed, started.HasExited ? $"Panel ended with {started.ExitCode}: {await errors}" : "");
            Assert.True(DateTime.UtcNow < deadline, "Panel did not answer in two minutes.");
            await looks.WaitForNextTickAsync();
        }
    }

    public bool IsDead
    {
        get
        {
            lock (gate)
            {
                return process is { HasExited: true };
            }
        }
    }

    /// <summary>What it holds in memory now, in bytes.</summary>
    public long Memory()
    {
        process!.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>SIGKILL: no handler runs, no buffer is written. True when there was something to kill.</summary>
    public bool Kill()
    {
        lock (gate)
        {
            var there = process is { HasExited: false };
            process?.Kill();
            killed |= there;
            return there;
        }
    }

    /// <summary>SIGTERM, as a service manager ends it; its exit code.</summary>
    public async Task<int> EndAsync(TimeSpan patience)
    {
        using var ask = Process.Start("kill", ["-TERM", process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(patience);
        return process.ExitCode;
    }

    public async Task WaitUntilDeadAsync()
    {
        await process!.WaitForExitAsync();
        lock (gate)
        {
            process.Dispose();
            process = null;
        }
    }

    public async Task<JsonNode> CallAsync(HttpMethod method, string path, object? body = null)
    {
        using var http = Operator();
        using var request = new HttpRequestMessage(method, "/api/v1" + path) { Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body)) };
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public async ValueTask DisposeAsync()
    {
        if (Kill())
        {
            await WaitUntilDeadAsync();
        }
    }

    private static async Task<bool> AnswersAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri("/api/v1/members", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private HttpClient Operator()
    {
        var socket = folder.In("run", "panel.sock");
        return new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await unix.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct);
                    return new NetworkStream(unix, ownsSocket: true);
                }
                catch (SocketException)
                {
                    unix.Dispose();
                    throw;
                }
            },
        })
        { BaseAddress = new Uri("http://panel") };
    }
}
