using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Panel.Services.Mail;

namespace Panel.Tests.Mail;

/// <summary>A real Postfix of the tests' own: everything in a folder of its own, loopback only. Mail for the given domains goes to the
/// sink, what comes back for <c>panel.example</c> goes where Panel's own map says.</summary>
internal sealed class PostfixServer : IAsyncDisposable
{
    public const string ReturnDomain = "panel.example";

    private readonly string folder = Directory.CreateTempSubdirectory("panel-postfix-").FullName;

    public int Port { get; } = FreePort.Take();

    public static async Task<PostfixServer> StartAsync(int sink, int lmtp)
    {
        var server = new PostfixServer();
        server.Write(sink, lmtp);
        var (code, output) = await server.RunAsync("start");
        Assert.True(code == 0, $"{output}\n{server.Log}");
        await server.ListensAsync();
        return server;
    }

    public string Log => File.Exists(In("log")) ? File.ReadAllText(In("log")) : "";

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop");
        Directory.Delete(folder, recursive: true);
    }

    private string In(string name) => Path.Combine(folder, name);

    private void Write(int sink, int lmtp)
    {
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        foreach (var name in new[] { "conf", "queue", "data" })
        {
            Directory.CreateDirectory(In(name));
        }

        Start("chown", "postfix", In("data")).WaitForExit();
        var map = PostfixMap.For(ReturnDomain, new IPEndPoint(IPAddress.Loopback, lmtp), In("conf/panel.regexp"));
        File.WriteAllText(In("conf/panel.regexp"), $"{map.Map}/@.*\\.example$/ smtp:[127.0.0.1]:{sink.ToString(CultureInfo.InvariantCulture)}\n");
        File.WriteAllText(In("conf/main.cf"),
            $"""
            compatibility_level = 3.6
            queue_directory = {In("queue")}
            data_directory = {In("data")}
            daemon_directory = /usr/lib/postfix/sbin
            command_directory = /usr/sbin
            mail_owner = postfix
            setgid_group = postdrop
            maillog_file = {In("log")}
            maillog_file_prefixes = {folder}
            myhostname = mail.panel.example
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mydestination =
            mynetworks = 127.0.0.0/8
            alias_maps =
            disable_dns_lookups = yes
            bounce_queue_lifetime = 0
            default_process_limit = 20
            {map.Lines}
            """);
        var services = new[] { "pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "flush unix n - n 1000? 0 flush", "proxymap unix - - n - - proxymap",
            "smtp unix - - n - - smtp", "relay unix - - n - - smtp", "lmtp unix - - n - - lmtp", "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
            "local unix - n n - - local", "virtual unix - n n - - virtual", "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd",
            "verify unix - - n - 1 verify", "showq unix n - n - - showq", "tlsmgr unix - - n 1000? 1 tlsmgr" };
        File.WriteAllText(In("conf/master.cf"), $"127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd\n{string.Join('\n', services)}\n");
    }

    private async Task<(int Code, string Output)> RunAsync(string verb)
    {
        using var process = Start("/usr/sbin/postfix", "-c", In("conf"), verb);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private async Task ListensAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }

    private static Process Start(string program, params string[] args) =>
        Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
