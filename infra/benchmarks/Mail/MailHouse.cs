using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Panel.Tests;

namespace Panel.Bench.Mail;

/// <summary>Panel as it runs, in a process and on a data directory of its own, with a member who writes newsletters.</summary>
internal sealed class MailHouse : IAsyncDisposable
{
    private const string Consent = "made for the benchmark";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    // About 9 KB as it leaves, like a newsletter with some text in two parts.
    private static readonly string Words = string.Concat(Enumerable.Repeat("Dear {name|friend}, here is what happened in the studio this month. ", 32));

    private readonly string folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private readonly Dictionary<string, string> settings;
    private readonly HttpClient panel;
    private readonly int port = FreePort.Take();
    private Process? process;
    private string lastWords = "";

    private MailHouse(int sink, int connections, string? postgres)
    {
        settings = new()
        {
            ["Panel__Data"] = folder,
            ["Urls"] = Address.ToString(),
            ["Panel__PublicUrl"] = Address.ToString(),
            ["Finger__Listen"] = "127.0.0.1:0",
            ["Mail__Lmtp__Listen"] = "127.0.0.1:0",
            ["Mail__Transport"] = "smtp",
            ["Mail__Smtp__Port"] = Text(sink),
            ["Mail__Smtp__Connections"] = Text(connections),
            ["Newsletters__Hold"] = "00:00:00",
            ["Newsletters__Dkim"] = "false",
        };
        if (postgres is not null)
        {
            (settings["Database__Provider"], settings["Database__Connection"]) = ("postgres", postgres);
        }

        panel = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, ct) => await ConnectAsync(ct) }) { BaseAddress = new Uri("http://panel/api/v1/"), Timeout = Patience };
    }

    public Uri Address => new($"http://127.0.0.1:{Text(port)}");

    public string Database => Path.Combine(folder, "panel.db");

    /// <summary>Bytes of memory that the process holds right now.</summary>
    public long Resident => long.Parse(File.ReadAllText($"/proc/{process!.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    /// <param name="sink">The port of the mail server that takes everything.</param>
    /// <param name="postgres">A connection string; null is SQLite.</param>
    public static async Task<MailHouse> StartAsync(int sink, int connections, string? postgres = null)
    {
        var house = new MailHouse(sink, connections, postgres);
        await house.BeginAsync();
        await house.PostAsync("packages", new { name = "wide", diskBytes = 1L << 30, sites = 1, databases = 1, domains = 1, lists = 100, mails = 100_000_000 });
        await house.PostAsync("members", new { handle = "bench", email = "bench@example.org", package = "wide" });
        return house;
    }

    /// <summary>Another node on the same database, with the same master key.</summary>
    public async Task<MailHouse> AddNodeAsync(int sink, int connections)
    {
        var node = new MailHouse(sink, connections, settings["Database__Connection"]);
        Directory.CreateDirectory(Path.Combine(node.folder, "keys"));
        File.Copy(Path.Combine(folder, "keys", "master"), Path.Combine(node.folder, "keys", "master"));
        await node.BeginAsync();
        return node;
    }

    /// <summary>Starts the program, the first time or again; returns when it answers.</summary>
    public async Task BeginAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Published.Web]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => lastWords = line.Data ?? lastWords;
        process.ErrorDataReceived += (_, line) => lastWords = line.Data ?? lastWords;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        for (var clock = Stopwatch.StartNew(); !await AnswersAsync(); await Task.Delay(50))
        {
            if (process.HasExited || clock.Elapsed > TimeSpan.FromMinutes(2))
            {
                throw new InvalidOperationException($"Panel did not start: {lastWords}");
            }
        }
    }

    /// <summary>SIGTERM, as an admin's stop would.</summary>
    public async Task EndAsync()
    {
        if (process is { HasExited: false })
        {
            using var kill = Process.Start("kill", ["-TERM", Text(process.Id)]);
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                await process.WaitForExitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }

        process?.Dispose();
        process = null;
    }

    /// <summary>Adds a list and imports its people from a CSV; how long the import took.</summary>
    public async Task<TimeSpan> AddListAsync(string list, int people)
    {
        await PostAsync("members/bench/lists", new { name = list, title = "Letters", from = "Bench <letters@bench.example>", postalAddress = "1 Main Street" });
        var csv = Path.Combine(folder, "people.csv");
        await using (var file = new StreamWriter(csv, false, new UTF8Encoding(false)))
        {
            await file.WriteLineAsync("email,name");
            for (var n = 0; n < people; n++)
            {
                await file.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{list}.{n}@d{n % 5_000}.example,Person {n}"));
            }
        }

        await using var bytes = File.OpenRead(csv);
        using var body = new StreamContent(bytes) { Headers = { ContentType = new("text/csv") } };
        var clock = Stopwatch.StartNew();
        using var answer = await panel.PostAsync($"members/bench/lists/{list}/subscribers/import?consent={Uri.EscapeDataString(Consent)}", body);
        var report = await ReadAsync(answer, "import");
        var took = clock.Elapsed;
        File.Delete(csv);
        return report.GetProperty("added").GetInt64() == people ? took : throw new InvalidOperationException($"The import added {report.GetProperty("added")} of {people}: {report}");
    }

    /// <summary>Writes an issue to a list and sends it off; its number.</summary>
    public async Task<long> SendAsync(string list)
    {
        var issue = (await PostAsync($"members/bench/lists/{list}/issues", new { subject = "Hello {name|friend}", markdown = Words })).GetProperty("id").GetInt64();
        await PostAsync($"issues/{issue}/dispatch", new { });
        return issue;
    }

    public async Task<string> StateAsync(long issue) => (await panel.GetFromJsonAsync<JsonElement>($"issues/{issue}")).GetProperty("state").GetString()!;

    public Task PauseAsync(long issue) => PostAsync($"issues/{issue}/pause", new { });

    public async Task UntilSentAsync(long issue)
    {
        for (var clock = Stopwatch.StartNew(); await StateAsync(issue) is var state && state != "sent"; await Task.Delay(50))
        {
            if (state is not ("held" or "sending") || clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"The issue is {state} after {clock.Elapsed.TotalSeconds:N0} s: {lastWords}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        panel.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await panel.PostAsJsonAsync(path, body);
        return await ReadAsync(answer, path);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, string path)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return !answer.IsSuccessStatusCode ? throw new InvalidOperationException($"{path}: {text}") : text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : default;
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await panel.GetAsync("members");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(folder, "run", "panel.sock")), ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
