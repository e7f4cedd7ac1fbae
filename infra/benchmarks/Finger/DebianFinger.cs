using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Panel.Bench.Finger;

/// <summary>The peer: in.fingerd, which runs finger(1), started by an xinetd of our own on a free port. It answers about the system's users.</summary>
internal sealed class DebianFinger : IDisposable
{
    /// <summary>A user that every Debian has.</summary>
    public const string Asked = "nobody";
    private const string Xinetd = "/usr/sbin/xinetd";

    private readonly string _folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private readonly Process _process;

    private DebianFinger(string fingerd)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            EndPoint = (IPEndPoint)probe.LocalEndpoint;
        }

        var config = Path.Combine(_folder, "xinetd.conf");
        File.WriteAllText(config, $$"""
            defaults
            {
                instances = 1000
                cps = 100000 1
                per_source = UNLIMITED
                log_type = FILE /dev/null
            }
            service panel-bench-finger
            {
                type = UNLISTED
                socket_type = stream
                protocol = tcp
                wait = no
                user = nobody
                bind = 127.0.0.1
                port = {{EndPoint.Port}}
                server = {{fingerd}}
            }

            """);
        _process = Process.Start(new ProcessStartInfo(Xinetd, ["-f", config, "-dontfork", "-pidfile", Path.Combine(_folder, "pid")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>The running peer, or null and why there is none.</summary>
    public static DebianFinger? Start(string fingerd, out string? leftOut)
    {
        leftOut = !File.Exists(Xinetd) ? "xinetd is not installed" : !File.Exists(fingerd) ? $"{fingerd} is not there (package fingerd)" : null;
        if (leftOut is not null)
        {
            return null;
        }

        var peer = new DebianFinger(fingerd);
        if (peer.AnswersWithin(TimeSpan.FromSeconds(10)))
        {
            return peer;
        }

        peer.Dispose();
        leftOut = "xinetd did not answer within 10 s";
        return null;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private bool AnswersWithin(TimeSpan patience)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < patience && !_process.HasExited; Thread.Yield())
        {
            try
            {
                using var probe = new TcpClient();
                probe.Connect(EndPoint);
                return true;
            }
            catch (SocketException)
            {
                // Not yet listening.
            }
        }

        return false;
    }
}
