using System.Buffers.Text;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The way to Panel on another machine: where it listens for agents, the hash of its key (SHA-256 of the
/// SubjectPublicKeyInfo, base64url) and this host's token. Lies in a file that only root reads.</summary>
internal sealed record RemoteLink(string Host, int Port, string Pin, string Token)
{
    /// <summary>Null on the machine that Panel itself runs on.</summary>
    public static RemoteLink? Load(string data) =>
        Files.ReadOrNull(PathIn(data))?.Split('\n') is [var host, var port, var pin, var token, ..] ? new RemoteLink(host, int.Parse(port, System.Globalization.CultureInfo.InvariantCulture), pin, token) : null;

    /// <summary>Gives the code of <c>https://HOST:PORT/PIN/CODE</c> for a token, once, and keeps it.</summary>
    /// <exception cref="MachineException">The line is not one, Panel is not there, has another key, or refuses the code.</exception>
    public static async Task JoinAsync(string data, string line)
    {
        if (!Uri.TryCreate(line, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.AbsolutePath.Split('/') is not ["", { Length: 43 } pin, { Length: > 0 } code])
        {
            throw new MachineException("--join expects the whole address that Panel printed: https://HOST:PORT/PIN/CODE.");
        }

        var link = new RemoteLink(url.IdnHost, url.Port, pin, "");
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, ct) => link.ConnectAsync(ct), UseProxy = false }) { BaseAddress = new Uri("http://panel/"), Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            using var answer = await http.PostAsJsonAsync("agent/v1/joins", new JoinRequest(code), AgentJson.Default.JoinRequest);
            if (!answer.IsSuccessStatusCode)
            {
                throw new MachineException($"Panel refuses this line ({(int)answer.StatusCode}): it was used, is older than a day, or was replaced. An admin makes a new one with: panel host add NAME");
            }

            var joined = await answer.Content.ReadFromJsonAsync(AgentJson.Default.HostJoined) ?? throw new MachineException("Panel answered null.");
            Files.Directory(data, Modes.Private);
            Files.Put(PathIn(data), $"{link.Host}\n{link.Port}\n{pin}\n{joined.Token}\n", Modes.Secret);
            Console.WriteLine($"This machine is the host {joined.Host} now. Start its agent.");
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException)
        {
            throw new MachineException($"Panel at {link.Host}:{link.Port} cannot be reached: {away.GetBaseException().Message}");
        }
    }

    /// <summary>A machine with another key is not Panel, whatever its name and certificate say.</summary>
    public async ValueTask<Stream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(Host, Port, ct);
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "panel-agent-link", RemoteCertificateValidationCallback = (_, shown, _, _) => IsPanel(shown) }, ct);
            return tls;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsPanel(X509Certificate? shown) => shown is X509Certificate2 certificate &&
        Base64Url.EncodeToString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo())) == Pin;

    private static string PathIn(string data) => Path.Combine(data, "link");
}
