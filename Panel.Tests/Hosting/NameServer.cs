using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;

namespace Panel.Tests.Hosting;

/// <summary>A real DNS server on loopback whose rows the test writes: the one that pebble's makers test ACME with. Names it
/// was not told of lead to 127.0.0.1.</summary>
public sealed class NameServer : IDisposable
{
    private readonly Process process;
    private readonly HttpClient management;

    public NameServer()
    {
        Port = FreePort.Take();
        var managed = FreePort.Take();
        management = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{managed}") };
        var start = new ProcessStartInfo("pebble-challtestsrv") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "-dns01", Address, "-management", $"127.0.0.1:{managed}", "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", "" })
        {
            start.ArgumentList.Add(argument);
        }

        process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public Task TextAsync(string name, string value) => TellAsync("set-txt", new { host = name + ".", value });

    public async Task AddressAsync(string name, params string[] addresses)
    {
        await TellAsync("clear-a", new { host = name + "." });
        await TellAsync("add-a", new { host = name + ".", addresses });
    }

    public Task BrokenAsync(string name) => TellAsync("set-servfail", new { host = name + "." });

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        management.Dispose();
    }

    private async Task TellAsync(string what, object body)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                using var answer = await management.PostAsJsonAsync(new Uri(what, UriKind.Relative), body, late.Token);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (!process.HasExited)
            {
                await Task.Delay(20, late.Token);
            }
        }
    }
}
