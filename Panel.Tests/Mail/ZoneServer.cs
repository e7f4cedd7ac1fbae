using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Panel.Tests.Mail;

/// <summary>A real name server (NSD) on loopback that is authoritative for everything below the root: the rows are a zone file.</summary>
internal sealed class ZoneServer : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Process server;

    public ZoneServer(int port, string rows)
    {
        Port = port;
        File.WriteAllText(folder.In("zone"), $"$ORIGIN .\n@ 60 SOA ns. admin. 1 60 60 60 60\n@ 60 NS ns.\nns 60 A 127.0.0.1\n{rows}\n");
        File.WriteAllText(folder.In("nsd.conf"),
            $"""
            server:
              ip-address: 127.0.0.1@{Port.ToString(CultureInfo.InvariantCulture)}
              port: {Port.ToString(CultureInfo.InvariantCulture)}
              username: ""
              chroot: ""
              zonesdir: "{folder.Path}"
              database: ""
              pidfile: "{folder.In("pid")}"
              xfrdfile: "{folder.In("xfrd")}"
              zonelistfile: "{folder.In("zones")}"
              xfrdir: "{folder.Path}"
              server-count: 1
            remote-control:
              control-enable: no
            zone:
              name: "."
              zonefile: "zone"

            """);
        server = Process.Start(new ProcessStartInfo("/usr/sbin/nsd", ["-d", "-c", folder.In("nsd.conf")]) { RedirectStandardError = true })!;
        var deadline = DateTime.UtcNow.AddSeconds(20);
        while (!Listens())
        {
            Assert.True(DateTime.UtcNow < deadline && !server.HasExited, server.HasExited ? server.StandardError.ReadToEnd() : "The name server did not start.");
            Thread.Sleep(20);
        }
    }

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public void Dispose()
    {
        Process.Start("kill", [server.Id.ToString(CultureInfo.InvariantCulture)])!.WaitForExit();
        server.WaitForExit();
        server.Dispose();
        folder.Dispose();
    }

    private bool Listens()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
