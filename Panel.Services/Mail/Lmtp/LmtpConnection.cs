using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Panel.Services.Mail.Lmtp;

/// <summary>One connection of the MTA. What it was not answered for, it brings again.</summary>
internal sealed partial class LmtpConnection(LmtpDoor door, IOptions<MailOptions> options, TimeProvider time, ILogger<LmtpConnection> log) : ConnectionHandler
{
    private int open;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var most = options.Value.Lmtp.Connections;
        try
        {
            // Whoever runs code on this machine reaches this door; the mail server keeps what it brought and comes again.
            await (Interlocked.Increment(ref open) > most
                ? connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"421 4.3.2 {most} connections are open already; come again later\r\n"))).AsTask()
                : ServeAsync(connection));
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        var settings = options.Value.Lmtp;
        var session = new LmtpSession(door, options.Value.Smtp.Hello is { Length: > 0 } name ? name : Environment.MachineName, settings.MessageBytes);
        try
        {
            await new LmtpDialogue(connection.Transport, session, settings, time).RunAsync(over.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The peer went, was silent for too long, or the house is closing.
        }
#pragma warning disable CA1031 // The edge of the server: the connection ends without a reply, so the MTA keeps the message.
        catch (Exception broken)
#pragma warning restore CA1031
        {
            Broken(log, broken);
        }
    }

    [LoggerMessage(LogLevel.Error, "A message that came back could not be taken; the mail server keeps it")]
    private static partial void Broken(ILogger log, Exception why);
}
