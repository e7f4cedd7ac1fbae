using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>Our client against a sink that somebody else wrote: Postfix's smtp-sink.</summary>
public sealed class RealSinkTests
{
    [Fact]
    public async Task Postfix_smtp_sink_takes_500_messages_on_4_connections()
    {
        using var folder = new TempFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_111_111);
        var port = FreePort.Take();
        string[] user = Environment.IsPrivilegedProcess ? ["-u", "nobody"] : [];
        using var sink = Process.Start(new ProcessStartInfo("/usr/sbin/smtp-sink", [.. user, "-d", folder.In("mail."), $"127.0.0.1:{port}", "100"]) { WorkingDirectory = folder.Path })!;
        try
        {
            await ListensAsync(port);
            var options = new MailOptions { Smtp = new SmtpOptions { Port = port, Hello = "panel.example" } };
            var transport = new SmtpTransport(Options.Create(options), TimeProvider.System);
            await Task.WhenAll(Enumerable.Range(0, 4).Select(lane => SendLaneAsync(transport, lane)));

            var texts = Directory.GetFiles(folder.Path).Select(File.ReadAllText).ToList();
            Assert.Equal(500, texts.Count);
            Assert.Equal(500, texts.Select(t => t.Split("X-Rcpt-Args: <")[1].Split('>')[0]).Distinct().Count());
            Assert.All(texts, t => Assert.Contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click", t, StringComparison.Ordinal));
        }
        finally
        {
            sink.Kill();
            await sink.WaitForExitAsync();
        }
    }

    private static async Task SendLaneAsync(SmtpTransport transport, int lane)
    {
        await using var connection = (await transport.OpenAsync(default)).Connection!;
        for (var i = 0; i < 125; i++)
        {
            var person = Samples.Person($"P{i}", $"p{lane}-{i}@reader.example");
            var reply = await connection.SendAsync("bounce@panel.example", person.To, Samples.Message(person), _ => Task.FromResult(true), default);
            Assert.Equal(MailResult.Accepted, reply.Result);
        }
    }

    private static async Task ListensAsync(int port)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Yield();
            }
        }
    }
}
