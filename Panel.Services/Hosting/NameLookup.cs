using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;

namespace Panel.Services.Hosting;

/// <summary>What the DNS said: the values of one type, none when there are none, or the trouble in words.</summary>
public sealed record DnsAnswer(IReadOnlyList<string> Values, string? Trouble = null);

/// <summary>Asks the DNS through <c>dig</c>, at the resolver of <c>Hosting:Resolver</c> or the machine's own. An answer comes
/// within ten seconds; at most four questions are on the way at once, so that nobody can use the house to ask many.</summary>
public sealed class NameLookup(IOptions<HostingOptions> options) : IDisposable
{
    private const int LongestAnswer = 64 << 10, MostValues = 50, LongestValue = 2_048;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim room = new(4);

    /// <param name="name">A host name of <see cref="DomainName"/>'s grammar, labels may start with an underscore.</param>
    public async Task<DnsAnswer> AskAsync(string name, string type, CancellationToken ct)
    {
        await room.WaitAsync(ct);
        try
        {
            var (code, output) = await RunAsync(name, type, ct);
            return code == 0 ? Read(output, type) : new DnsAnswer([], "No name server answered. Look again in a moment.");
        }
        catch (Win32Exception)
        {
            return new DnsAnswer([], "dig is not installed on Panel's machine, so nothing can be looked up.");
        }
        finally
        {
            room.Release();
        }
    }

    public void Dispose() => room.Dispose();

    /// <summary>Reads what dig prints with <c>+noall +comments +answer</c>: presentation format of RFC 1035 section 5.1.</summary>
    internal static DnsAnswer Read(string output, string type)
    {
        var lines = output.Split('\n');
        var status = lines.FirstOrDefault(l => l.Contains("status: ", StringComparison.Ordinal))?.Split("status: ")[1].Split(',')[0];
        if (status is not ("NOERROR" or "NXDOMAIN"))
        {
            return new DnsAnswer([], status is null ? "No name server answered. Look again in a moment." : $"The name server answered {status}: it cannot tell at the moment.");
        }

        var values = lines.Where(l => l.Length > 0 && l[0] != ';').Select(l => l.Split(['\t', ' '], 5, StringSplitOptions.RemoveEmptyEntries))
            .Where(f => f.Length == 5 && f[3] == type).Select(f => type == "TXT" ? Text(f[4]) : f[4].Trim()).Take(MostValues);
        return new DnsAnswer([.. values.Select(v => v.Length > LongestValue ? v[..LongestValue] : v)]);
    }

    /// <summary>The strings of one TXT record, put together (RFC 1035 section 3.3.14), bytes outside of ASCII as question marks.</summary>
    private static string Text(string field)
    {
        var text = new StringBuilder();
        var inside = false;
        for (var i = 0; i < field.Length; i++)
        {
            if (field[i] == '"')
            {
                inside = !inside;
            }
            else if (field[i] == '\\' && i + 3 < field.Length && int.TryParse(field.AsSpan(i + 1, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                text.Append(code is >= 32 and < 127 ? (char)code : '?');
                i += 3;
            }
            else if (field[i] == '\\' && i + 1 < field.Length)
            {
                text.Append(field[++i]);
            }
            else if (inside)
            {
                text.Append(field[i]);
            }
        }

        return text.ToString();
    }

    private async Task<(int Code, string Output)> RunAsync(string name, string type, CancellationToken ct)
    {
        var start = new ProcessStartInfo("dig") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        // -r: no .digrc; -q, so that no name is ever taken for an option.
        string[] arguments = ["-r", "+time=2", "+tries=2", "+noall", "+comments", "+answer", "+nocookie", "+noidnin", "+noidnout", "-t", type, "-q", name + "."];
        foreach (var argument in options.Value.ReadResolver() is { } server ? [$"@{server.Address}", "-p", $"{server.Port}", .. arguments] : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var late = CancellationTokenSource.CreateLinkedTokenSource(ct);
        late.CancelAfter(Patience);
        try
        {
            process.StandardInput.Close();
            var error = process.StandardError.BaseStream.CopyToAsync(Stream.Null, late.Token);
            var buffer = new char[LongestAnswer];
            var length = await process.StandardOutput.ReadBlockAsync(buffer, late.Token);
            if (length == buffer.Length)
            {
                process.Kill();
            }

            await process.WaitForExitAsync(late.Token);
            await error;
            return (process.ExitCode, new string(buffer, 0, length));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            ct.ThrowIfCancellationRequested();
            return (-1, "");
        }
    }
}
