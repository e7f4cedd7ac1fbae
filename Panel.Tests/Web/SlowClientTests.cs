using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Panel.Tests.Newsletters;
using Panel.Web.Doors;

namespace Panel.Tests.Web;

/// <summary>Class 19 at the listeners of the real program: who is slow, who says nothing and who brings too much.</summary>
public sealed class SlowClientTests
{
    private const int Idle = 1_200, PerAddress = 1_000;

    [Theory]
    [InlineData("192.0.2.7", true), InlineData("::ffff:192.0.2.7", true), InlineData("2001:db8::7", true), InlineData("192.0.2.8", false), InlineData("::ffff:192.0.2.8", false), InlineData("2001:db9::7", false)]
    public void A_trusted_proxy_is_known_in_both_forms_of_its_address(string address, bool isProxy) =>
        Assert.Equal(isProxy, new ConnectionGate(1, Proxies.Networks("192.0.2.7, 2001:db8::/32")).IsProxy(IPAddress.Parse(address)));

    [Fact]
    public async Task Class_19_slow_idle_and_greedy_connections_are_ended_and_the_others_are_answered_meanwhile()
    {
        using var folder = new TempFolder();
        using var spool = new TempFolder();
        await using var panel = new CrashedPanel(folder, new Dictionary<string, string> { ["TMPDIR"] = spool.Path });
        await panel.StartAsync();
        await panel.CallAsync(HttpMethod.Post, "/members", new { handle = "ann", email = "ann@example.org" });
        await panel.CallAsync(HttpMethod.Post, "/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <ann@example.org>" });
        var token = (string)(await panel.CallAsync(HttpMethod.Post, "/members/ann/tokens", new { name = "x", scopes = new[] { "lists:read", "lists:write" }, days = 1 }))["token"]!;
        using var visitor = Client(panel, "127.0.0.2");
        Assert.True((await visitor.GetAsync("/sign-in")).IsSuccessStatusCode);
        var before = panel.Memory();

        // All from one address, which no other visitor has.
        var idle = await Task.WhenAll(Enumerable.Range(0, Idle).Select(_ => OpenAsync(panel, "127.0.0.3")));
        var headers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync(panel, "127.0.0.4", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")));
        var bodies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => OpenAsync(panel, "127.0.0.5", "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n")));
        var ended = headers.Concat(bodies).Select(s => DripAsync(s)).ToList();
        var watch = Stopwatch.StartNew();
        var answered = 0;
        while (ended.Exists(e => !e.IsCompleted))
        {
            var asked = Stopwatch.StartNew();
            using var answer = await visitor.GetAsync(answered % 2 == 0 ? "/sign-in" : "/health/ready");
            Assert.True(answer.IsSuccessStatusCode);
            Assert.True(asked.Elapsed < TimeSpan.FromSeconds(3), $"an answer took {asked.Elapsed}");
            answered++;
            await Task.WhenAny(Task.WhenAll(ended), Tick());
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40), $"{ended.Count(e => !e.IsCompleted)} slow connections are open after {watch.Elapsed}");
        }

        Assert.True(answered >= 10, $"{answered}");
        var closed = idle.Count(IsClosed);
        Assert.Equal(Idle - PerAddress, closed);
        var grown = panel.Memory() - before;
        Assert.True(grown < 150_000_000, $"{grown:#,0} bytes more with {Idle} connections");

        await TooMuchAsync(panel, token, spool);
        Assert.Empty((await panel.CallAsync(HttpMethod.Get, "/members/ann/lists/letters/subscribers")).AsArray());
        foreach (var socket in idle.Concat(headers).Concat(bodies))
        {
            socket.Dispose();
        }
    }

    /// <summary>Beyond the limit: said in the head, and not said at all.</summary>
    private static async Task TooMuchAsync(CrashedPanel panel, string token, TempFolder spool)
    {
        using var client = Client(panel, "127.0.0.6");
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        foreach (var (path, kind, most) in new[]
        {
            ("/api/v1/members/ann/lists/letters/subscribers/import?consent=signed%20the%20paper%20list", "text/csv", 128L << 20),
            ("/api/v1/members/ann/lists/again/archive", "application/zip", 256L << 20),
            ("/api/v1/members/ann/lists", "application/json", 32L << 20),
        })
        {
            using var socket = await OpenAsync(panel, "127.0.0.6", $"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {most + 1}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 413", await HearAsync(socket), StringComparison.Ordinal);

            if (most > 200L << 20)
            {
                continue; // The same way in as the one before, and a quarter of a gigabyte is a long time.
            }

            using var endless = new HttpRequestMessage(HttpMethod.Post, path) { Content = new Endless(most + (1 << 20), kind) };
            endless.Headers.TransferEncodingChunked = true;
            using var answer = await client.SendAsync(endless).ContinueWith(t => t.IsCompletedSuccessfully ? t.Result : null, TaskScheduler.Default);
            Assert.True(answer is null or { StatusCode: HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.BadRequest }, $"{path}: {answer?.StatusCode}");
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(spool.Path), f => new FileInfo(f) is { Exists: true, Length: > 0 });
        }

        // A form with a picture of 40 MB: a page in words, and nothing of it is read.
        using var form = await OpenAsync(panel, "127.0.0.6", $"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {40 << 20}\r\n\r\n--b\r\n");
        var page = await HearAsync(form, "That is too large.");
        Assert.StartsWith("HTTP/1.1 413", page, StringComparison.Ordinal);
        Assert.Contains("That is too large.", page, StringComparison.Ordinal);
    }

    private static async Task<Socket> OpenAsync(CrashedPanel panel, string from, string said = "")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, panel.Address.Port);
        }
        catch (SocketException gone) when (gone.SocketErrorCode == SocketError.ConnectionReset && said.Length == 0)
        {
            // One too many: ended before this side had heard that it was open.
        }

        if (said.Length > 0)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(said));
        }

        return socket;
    }

    /// <summary>A byte a second until the other side has had enough.</summary>
    private static async Task DripAsync(Socket socket)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (!IsClosed(socket) && await second.WaitForNextTickAsync())
            {
                await socket.SendAsync("x"u8.ToArray());
            }
        }
        catch (SocketException)
        {
            // Reset: it has.
        }
    }

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>What is said up to these words, or to the end.</summary>
    private static async Task<string> HearAsync(Socket socket, string until = "\r\n")
    {
        var (buffer, heard) = (new byte[4096], new StringBuilder());
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (!heard.ToString().Contains(until, StringComparison.Ordinal) && await socket.ReceiveAsync(buffer, late.Token) is > 0 and var read)
        {
            heard.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return heard.ToString();
    }

    private static async Task Tick()
    {
        using var soon = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        await soon.WaitForNextTickAsync();
    }

    private static HttpClient Client(CrashedPanel panel, string from) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectCallback = async (_, _) => new NetworkStream(await OpenAsync(panel, from), ownsSocket: true),
    })
    { BaseAddress = panel.Address };

    private sealed class Endless : HttpContent
    {
        private readonly long length;

        public Endless(long length, string kind) => (this.length, Headers.ContentType) = (length, new MediaTypeHeaderValue(kind));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var piece = new byte[1 << 20];
            Array.Fill(piece, (byte)' ');
            for (var at = 0L; at < length; at += piece.Length)
            {
                await stream.WriteAsync(piece);
            }
        }

        protected override bool TryComputeLength(out long computed)
        {
            computed = 0;
            return false;
        }
    }
}
