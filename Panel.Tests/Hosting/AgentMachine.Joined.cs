namespace Panel.Tests.Hosting;

/// <summary>A machine that joins a real Panel, with a network of its own where wanted.</summary>
public sealed partial class AgentMachine
{
    /// <summary>A number makes it a machine of its own in the network too, at 10.213.NUMBER.2, that sees this one at 10.213.NUMBER.1.</summary>
    private readonly int? network;
    private readonly Func<Task<string>>? line;

    /// <summary>Joins a real Panel by the line that <paramref name="line"/> makes.</summary>
    internal AgentMachine(Func<Task<string>> line, int? network = null, int? httpPort = null)
        : this(httpPort) => (this.line, this.network) = (line, network);

    private async Task ConnectAsync(int number, string pid)
    {
        foreach (var step in new string[][]
        {
            ["ip", "link", "add", $"panel{number}", "type", "veth", "peer", "name", "house", "netns", pid],
            ["ip", "address", "add", $"10.213.{number}.1/30", "dev", $"panel{number}"],
            ["ip", "link", "set", $"panel{number}", "up"],
            [.. Enter, "ip", "address", "add", $"10.213.{number}.2/30", "dev", "house"],
            [.. Enter, "ip", "link", "set", "house", "up"],
            [.. Enter, "ip", "link", "set", "lo", "up"],
        })
        {
            var (code, output) = await RunAsync(step[0], step[1..]);
            Assert.True(code == 0, output);
        }
    }

    /// <summary>How a program gets into this machine.</summary>
    internal string[] Enter => ["nsenter", "-m", .. network is null ? Array.Empty<string>() : ["-n"], "-t", Text(holder!.Id), "--"];

    /// <summary>As <see cref="UntilAsync(Func{Task{bool}})"/>; when it does not come, with what this machine's agent said.</summary>
    public async Task SoonAsync(Func<Task<bool>> so)
    {
        try
        {
            await UntilAsync(so);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail(string.Join('\n', Said));
        }
    }
}
