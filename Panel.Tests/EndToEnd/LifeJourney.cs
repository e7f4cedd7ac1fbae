using System.Diagnostics;
using System.Globalization;
using Panel.Tests.Hosting;

namespace Panel.Tests.EndToEnd;

/// <summary>Two real hosts, a real certificate authority, and the command line.</summary>
public sealed class LifeJourney : IAsyncLifetime
{
    private readonly NameServer dns = new();
    private readonly TwoHosts house = new(standing: false);
    private Pebble pebble = null!;

    public async Task InitializeAsync()
    {
        pebble = await Pebble.StartAsync(dns, house.One.HttpPort, 3600);
        house.One.Set("Hosting__Acme__Directory", pebble.Address.AbsoluteUri);
        house.One.Set("Hosting__Acme__CaFile", pebble.CaFile);
        house.One.Set("Hosting__Acme__Email", "admin@house.example");
        house.One.Set("Hosting__Acme__RetrySeconds", "1");
        await house.InitializeAsync();
    }

    public async Task DisposeAsync()
    {
        await house.DisposeAsync();
        pebble.Dispose();
        dns.Dispose();
    }

    [RootFact]
    public async Task A_whole_life_by_the_command_line()
    {
        using var work = new TempFolder();
        var start = new ProcessStartInfo(Path.Combine(House.Root, "Panel.Tests", "EndToEnd", "life.sh")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in new Dictionary<string, string>
        {
            ["PANEL"] = Path.Combine(House.Root, "infra", "panel"),
            ["Panel__Data"] = house.App.Folder,
            ["WORK"] = work.Path,
            ["TWO"] = string.Join(' ', house.Two.Enter),
            ["KEY"] = house.One.KeyFile,
            ["ROOTS"] = pebble.RootFile,
            ["HTTPS"] = house.One.HttpsPort.ToString(CultureInfo.InvariantCulture),
        })
        {
            start.Environment[key] = value;
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{await output}{await error}\n{string.Join('\n', house.One.Said.TakeLast(20))}\n{string.Join('\n', house.Two.Said.TakeLast(20))}");
        Assert.EndsWith("life complete\n", await output, StringComparison.Ordinal);
    }
}
