using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Panel.Bench.Finger;

/// <summary>A peer: one of Debian's finger servers, started for each query by an xinetd of our own on a free port. Both run finger(1), so
/// they answer about the system's users. Their packages conflict and would start xinetd, so none is installed: they are unpacked beside
/// this program, and the scripts of efingerd are laid over /etc in a mount namespace that only this xinetd sees.</summary>
internal sealed class DebianFinger : IDisposable
{
    /// <summary>The argument by which this program, in a mount namespace of its own, lays the scripts over /etc and starts xinetd.</summary>
    public const string Serve = "serve-peer";

    /// <summary>A user that every Debian has.</summary>
    public const string Asked = "nobody";

    private static readonly string Unpacked = Path.Combine(AppContext.BaseDirectory, "peers");

    private readonly string _folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private readonly Process _process;

    private DebianFinger(string server)
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
                server = {{Path.Combine(Unpacked, "usr/sbin", server)}}
                {{(server == "efingerd" ? "server_args = -n" : "")}}
                env = LD_LIBRARY_PATH={{Libraries}}
            }

            """);
        _process = Process.Start(new ProcessStartInfo("unshare", ["--mount", Environment.ProcessPath!, typeof(DebianFinger).Assembly.Location, Serve, config, Path.Combine(_folder, "pid")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
    }

    public IPEndPoint EndPoint { get; }

    private static string Libraries => Directory.EnumerateFiles(Unpacked, "libident.so.0", SearchOption.AllDirectories).Select(Path.GetDirectoryName).FirstOrDefault() ?? "";

    /// <summary>The running peer, or null and why there is none.</summary>
    /// <param name="server"><c>in.fingerd</c> or <c>efingerd</c>.</param>
    public static DebianFinger? Start(string server, out string? leftOut)
    {
        leftOut = Environment.UserName != "root" ? "only root may lay its scripts over /etc" : !File.Exists("/usr/bin/finger") ? "the package finger is not installed" : Unpack();
        if (leftOut is not null)
        {
            return null;
        }

        var peer = new DebianFinger(server);
        if (peer.AnswersWithin(TimeSpan.FromSeconds(10)))
        {
            return peer;
        }

        peer.Dispose();
        leftOut = "it did not answer within 10 s";
        return null;
    }

    public static int ServePeer(string config, string pid)
    {
        if (!Run("mount", ["-t", "overlay", "overlay", "-o", $"lowerdir={Path.Combine(Unpacked, "etc")}:/etc", "/etc"], "/"))
        {
            return 1;
        }

        using var xinetd = Process.Start(new ProcessStartInfo(Path.Combine(Unpacked, "usr/sbin/xinetd"), ["-f", config, "-dontfork", "-pidfile", pid]) { Environment = { ["LD_LIBRARY_PATH"] = Libraries } })!;
        xinetd.WaitForExit();
        return xinetd.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Fetches and unpacks the packages once; null, or why not.</summary>
    private static string? Unpack()
    {
        if (File.Exists(Path.Combine(Unpacked, "usr/sbin/efingerd")))
        {
            return null;
        }

        var folder = Directory.CreateTempSubdirectory("panel-bench-");
        try
        {
            // Into a folder of its own first: a half-unpacked peer must not look like a whole one.
            var whole = folder.CreateSubdirectory("whole").FullName;
            if (!Run("apt-get", ["-q", "download", "fingerd", "efingerd", "xinetd", "libident"], folder.FullName))
            {
                return "apt-get could not download fingerd, efingerd and xinetd";
            }

            if (!folder.EnumerateFiles("*.deb").All(deb => Run("dpkg", ["-x", deb.FullName, whole], folder.FullName)))
            {
                return "dpkg could not unpack fingerd, efingerd and xinetd";
            }

            // As efingerd's own installation does it.
            foreach (var script in Directory.EnumerateFiles(Path.Combine(whole, "etc/efingerd")))
            {
                File.SetUnixFileMode(script, File.GetUnixFileMode(script) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            }

            return Run("cp", ["-a", whole, Unpacked], folder.FullName) ? null : "the packages could not be put beside this program";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static bool Run(string program, IEnumerable<string> arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private bool AnswersWithin(TimeSpan patience)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < patience && !_process.HasExited; Thread.Sleep(20))
        {
            try
            {
                FingerAsker.AskAsync(EndPoint, 0, Asked, CancellationToken.None).GetAwaiter().GetResult();
                return true;
            }
            catch (Exception no) when (no is SocketException or InvalidOperationException)
            {
                // Not yet listening.
            }
        }

        return false;
    }
}
