using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The line to Panel: its Unix socket, or TLS on a machine that has joined. The agent calls; nobody calls the agent.</summary>
internal sealed class AgentLink : IDisposable
{
    private const int SolSocket = 1, PeerCredentials = 17;

    private readonly AgentOptions options;
    private readonly HttpClient http;

    public AgentLink(AgentOptions options)
    {
        this.options = options;
        http = Open(TimeSpan.FromSeconds(60));
    }

    private HttpClient Open(TimeSpan patience)
    {
        var remote = RemoteLink.Load(options.Data);
        var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = remote is null ? ConnectAsync : (_, ct) => remote.ConnectAsync(ct), UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri("http://panel/"),
            Timeout = patience,
            MaxResponseContentBufferSize = 256 << 20,
        };
        if (remote is not null)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", remote.Token);
        }

        return client;
    }

    /// <summary>Waits up to <paramref name="wait"/> seconds at Panel's end for something newer. Throws <see cref="HttpRequestException"/>,
    /// <see cref="TaskCanceledException"/> or <see cref="System.Text.Json.JsonException"/> when there is no such answer.</summary>
    public async Task<AccountsAnswer> AskAsync(string epoch, long after, int wait, CancellationToken ct)
    {
        var question = string.Create(CultureInfo.InvariantCulture, $"agent/v1/accounts?epoch={Uri.EscapeDataString(epoch)}&after={after}&wait={wait}");
        return await http.GetFromJsonAsync(question, AgentJson.Default.AccountsAnswer, ct) ?? throw new HttpRequestException("Panel answered null.");
    }

    public async Task TellAsync(HostReport report, CancellationToken ct)
    {
        using var answer = await http.PostAsJsonAsync("agent/v1/reports", report, AgentJson.Default.HostReport, ct);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Sends an archive or a part of a move while it is being written; null when all of it was taken, else why not.</summary>
    public async Task<string?> UploadAsync(string place, Func<Stream, Task> write, CancellationToken ct)
    {
        using var patient = Open(Timeout.InfiniteTimeSpan);
        using var body = new Pushed(write);
        try
        {
            using var answer = await patient.PutAsync($"agent/v1/{place}", body, ct);
            return answer.IsSuccessStatusCode ? null : $"Panel did not take {place}: {(int)answer.StatusCode}.";
        }
        catch (Exception no) when (no is HttpRequestException or IOException or MachineException)
        {
            return no.GetBaseException().Message;
        }
    }

    /// <summary>Reads what Panel hands on to this host while it comes; null when all of it was there, else why not.</summary>
    public async Task<string?> DownloadAsync(string place, Func<Stream, Task> read, CancellationToken ct)
    {
        using var patient = Open(Timeout.InfiniteTimeSpan);
        try
        {
            using var answer = await patient.GetAsync($"agent/v1/{place}", HttpCompletionOption.ResponseHeadersRead, ct);
            if (answer.IsSuccessStatusCode)
            {
                await using var from = await answer.Content.ReadAsStreamAsync(ct);
                await read(from);
            }

            return answer.IsSuccessStatusCode ? null : $"Panel did not hand on {place}: {(int)answer.StatusCode}.";
        }
        catch (Exception no) when (no is HttpRequestException or IOException)
        {
            return no.GetBaseException().Message;
        }
    }

    public void Dispose() => http.Dispose();

    private sealed class Pushed(Func<Stream, Task> write) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>A socket that another user listens on is not Panel, whatever it answers.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Native.RealPath(options.Socket)), ct);
            var peer = new byte[12];
            socket.GetRawSocketOption(SolSocket, PeerCredentials, peer);
            var uid = BitConverter.ToUInt32(peer, 4);
            return uid == options.PanelUid ? new NetworkStream(socket, ownsSocket: true)
                : throw new IOException($"{options.Socket} belongs to uid {uid}, not to Panel's {options.PanelUid}.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
