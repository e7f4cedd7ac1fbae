using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Panel.Tests.Hosting;

/// <summary>A real certificate authority on loopback: Let's Encrypt's own test server, asking the test's name server and
/// validating at the test's web server.</summary>
public sealed class Pebble : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("panel-pebble-").FullName;
    private readonly Process process;
    private readonly int management;

    private Pebble(string dns, int httpPort, int lifeSeconds, string? alsoAt)
    {
        var port = FreePort.Take();
        management = FreePort.Take();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/dir"));
        // lego runs as a user of its own and reads the authority's own certificate.
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        using (var made = Process.Start("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", "/CN=pebble", "-addext", $"subjectAltName=IP:127.0.0.1{(alsoAt is null ? "" : $",IP:{alsoAt}")}", "-keyout", $"{folder}/key.pem", "-out", CaFile]))
        {
            made.WaitForExit();
            Assert.Equal(0, made.ExitCode);
        }

        File.WriteAllText($"{folder}/config.json", JsonSerializer.Serialize(new
        {
            pebble = new
            {
                listenAddress = $"{(alsoAt is null ? "127.0.0.1" : "0.0.0.0")}:{port}",
                managementListenAddress = $"127.0.0.1:{management}",
                certificate = CaFile,
                privateKey = $"{folder}/key.pem",
                httpPort,
                tlsPort = 9,
                ocspResponderURL = "",
                externalAccountBindingRequired = false,
                certificateValidityPeriod = lifeSeconds,
            },
        }));
        var start = new ProcessStartInfo("pebble") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "-config", $"{folder}/config.json", "-dnsserver", dns })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PEBBLE_VA_NOSLEEP"] = "1";
        process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    public string CaFile => $"{folder}/ca.pem";

    /// <summary>What visitors would trust.</summary>
    public string RootFile => $"{folder}/root.pem";

    public static Task<Pebble> StartAsync(NameServer dns, int httpPort, int lifeSeconds, string? alsoAt = null) => StartAsync(dns.Address, httpPort, lifeSeconds, alsoAt);

    /// <param name="dns">Address and port of the name server that it asks.</param>
    /// <param name="alsoAt">Another address of this machine at which it is asked.</param>
    public static async Task<Pebble> StartAsync(string dns, int httpPort, int lifeSeconds, string? alsoAt = null)
    {
        var pebble = new Pebble(dns, httpPort, lifeSeconds, alsoAt);
        await AgentMachine.UntilAsync(async () => (await AgentMachine.RunAsync(
            "curl", "-sf", "--cacert", pebble.CaFile, "-o", pebble.RootFile, $"https://127.0.0.1:{pebble.management}/roots/0")).Code == 0);
        return pebble;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
