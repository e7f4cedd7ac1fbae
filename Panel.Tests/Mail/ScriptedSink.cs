using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Panel.Services.Mail;

namespace Panel.Tests.Mail;

/// <summary>
/// A mail server on loopback that does what its script says and remembers every accepted message, every command and
/// every connection. Real sockets, no sleeping; for tests of transports and of the sender.
/// </summary>
public sealed class ScriptedSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentBag<Task> dialogues = [];
    private readonly SinkScript script;
    private readonly Task accepting;
    private int connections;

    private ScriptedSink(SinkScript script)
    {
        this.script = script;
        listener.Start(512);
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Every message answered with 250, in the order of the answers.</summary>
    public ConcurrentQueue<SinkMessage> Accepted { get; } = new();

    /// <summary>Every message whose final dot came, whatever was answered.</summary>
    public ConcurrentQueue<SinkMessage> Dotted { get; } = new();

    public ConcurrentQueue<string> Commands { get; } = new();

    public int Connections => Volatile.Read(ref connections);

    public static ScriptedSink Start(SinkScript? script = null) => new(script ?? new SinkScript());

    /// <summary>Options that lead to this sink.</summary>
    public MailOptions Options(Action<SmtpOptions>? change = null)
    {
        var smtp = new SmtpOptions { Host = "127.0.0.1", Port = Port, Hello = "panel.example" };
        change?.Invoke(smtp);
        return new MailOptions { Transport = MailTransports.Smtp, Smtp = smtp };
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        await Task.WhenAll(dialogues);
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(ending.Token);
                socket.NoDelay = true;
                Interlocked.Increment(ref connections);
                dialogues.Add(Task.Run(() => ServeAsync(socket)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var stop = ending.Token.Register(socket.Dispose);
        await using var dialogue = new SinkDialogue(new NetworkStream(socket, ownsSocket: true), script, this);
        try
        {
            await dialogue.RunAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The client hung up, or the script did.
        }
    }
}
