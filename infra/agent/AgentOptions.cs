using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Panel.Agent;

/// <summary>Everything the agent is told at start, by environment (Panel__Data, Hosting__*) and arguments
/// (<c>--id</c>, <c>--panel-uid</c>, <c>--join</c>, <c>--undo</c>). Nothing of it ever comes from Panel.</summary>
internal sealed partial record AgentOptions
{
    public required string Data { get; init; }

    /// <summary>8 hex digits of the SHA-256 of the data path as given: names /srv/panel/ID and /run/panel/host-ID.</summary>
    public required string Id { get; init; }

    public required string Socket { get; init; }

    /// <summary>The only user whose socket is believed.</summary>
    public required uint PanelUid { get; init; }

    /// <summary>Where sites and SFTP answer, as nginx and sshd write addresses. Loopback is always among them, since the agent probes there.</summary>
    public IReadOnlyList<string> Listen { get; init; } = Addresses(null);

    public Ports Wanted { get; init; } = new(18080, 18443, 2222);

    /// <summary>Where the repositories lie: a directory of Panel's user, or any place that restic knows.</summary>
    public string Backups { get; init; } = "";

    /// <summary>Largest size in bytes of the sparse btrfs image that holds the accounts; 0 means plain directories.</summary>
    public long ImageBytes { get; init; } = 20L << 30;

    public TimeSpan FullPassEvery { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a php-fpm master without children stays.</summary>
    public TimeSpan PhpIdle { get; init; } = TimeSpan.FromMinutes(2);

    public AcmeOptions Acme { get; init; } = new(null, null, null, null, null, TimeSpan.FromMinutes(15));

    /// <summary>What members and the world call this machine; shown with its sites and for SFTP.</summary>
    public string Address { get; init; } = "localhost";

    public bool Undo { get; init; }

    /// <summary>The line that makes this machine a host; done once, then the agent is started without it.</summary>
    public string? Join { get; init; }

    /// <summary>Throws <see cref="ArgumentException"/> with the key's name and what is expected.</summary>
    public static AgentOptions Read(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var given = Arguments(args);
        string? Value(string key) => environment(key) is { Length: > 0 } text ? text : null;
        var data = Value("Panel__Data") ?? throw new ArgumentException("Panel__Data is missing: expected the path of Panel's data directory.");
        var id = given.GetValueOrDefault("--id") ?? IdOf(data);
        if (!EightHex().IsMatch(id))
        {
            throw new ArgumentException($"--id is '{id}': expected 8 hex digits.");
        }

        var full = Path.GetFullPath(data);
        return new AgentOptions
        {
            Data = full,
            Id = id,
            Socket = Path.GetFullPath(Value("Hosting__AgentSocket") ?? Path.Combine(full, "run", "agent.sock")),
            PanelUid = (uint)Number("--panel-uid", given.GetValueOrDefault("--panel-uid"), 0, 0, uint.MaxValue - 1),
            Listen = Addresses(Value("Hosting__Listen")),
            Wanted = new Ports(
                Port("Hosting__HttpPort", Value("Hosting__HttpPort"), 18080),
                Port("Hosting__HttpsPort", Value("Hosting__HttpsPort"), 18443),
                Port("Hosting__SftpPort", Value("Hosting__SftpPort"), 2222)),
            Backups = Value("Backup__Repository") ?? Path.Combine(full, "backups"),
            ImageBytes = Number("Hosting__ImageBytes", Value("Hosting__ImageBytes"), 20L << 30, 0, 1L << 50),
            FullPassEvery = TimeSpan.FromSeconds(Number("Hosting__FullPassSeconds", Value("Hosting__FullPassSeconds"), 180, 1, 86400)),
            PhpIdle = TimeSpan.FromSeconds(Number("Hosting__PhpIdleSeconds", Value("Hosting__PhpIdleSeconds"), 120, 1, 86400)),
            Acme = ReadAcme(Value),
            Undo = given.ContainsKey("--undo"),
            Join = given.GetValueOrDefault("--join"),
            Address = Value("Hosting__Address") ?? "localhost",
        };
    }

    private static AcmeOptions ReadAcme(Func<string, string?> value)
    {
        var (directory, email) = (value("Hosting__Acme__Directory"), value("Hosting__Acme__Email"));
        if (directory is not null && (!Uri.TryCreate(directory, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"Hosting__Acme__Directory is '{directory}': expected the https address of a certificate authority's ACME directory.");
        }

        if (directory is not null && email?.Contains('@', StringComparison.Ordinal) != true)
        {
            throw new ArgumentException("Hosting__Acme__Email is missing: expected an address that the certificate authority may write to.");
        }

        string? Place(string key) => value(key) is not { } path || (Path.IsPathFullyQualified(path) && File.Exists(path)) ? value(key)
            : throw new ArgumentException($"{key} is '{path}': expected the whole path of a file.");
        return new AcmeOptions(directory, email, Place("Hosting__Acme__CaFile"), Place("Hosting__Acme__DnsHook"), value("Hosting__Acme__Resolver"),
            TimeSpan.FromSeconds(Number("Hosting__Acme__RetrySeconds", value("Hosting__Acme__RetrySeconds"), 900, 1, 86400)));
    }

    /// <summary>As <c>printf %s "$DATA" | sha256sum | cut -c1-8</c>.</summary>
    public static string IdOf(string data) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data)))[..8];

    private static Dictionary<string, string> Arguments(IReadOnlyList<string> args)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            given[args[i]] = args[i] switch
            {
                "--undo" => "",
                "--id" or "--panel-uid" or "--join" when i + 1 < args.Count => args[++i],
                _ => throw new ArgumentException($"'{args[i]}' is not understood: expected --id HEX, --panel-uid UID, --join LINE or --undo."),
            };
        }

        return given;
    }

    private static IReadOnlyList<string> Addresses(string? text)
    {
        var asked = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(a => IPAddress.TryParse(a, out var address) ? address : throw new ArgumentException($"Hosting__Listen is '{text}': expected IP addresses with commas between them, such as 0.0.0.0, ::.")).ToList();
        // The address for all of a family has its loopback in it, and the two cannot be listened at side by side.
        var loopbacks = Ports.Loopbacks.Where(l => !asked.Exists(a => a.AddressFamily == l.AddressFamily && (a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any))));
        return [.. asked.Concat(loopbacks).Distinct().Select(a => a.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{a}]" : $"{a}")];
    }

    private static int Port(string key, string? text, int fallback) => (int)Number(key, text, fallback, 1, 65535);

    private static long Number(string key, string? text, long fallback, long least, long most) => text is null ? fallback
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new ArgumentException($"{key} is '{text}': expected a number from {least} to {most}.");

    [GeneratedRegex("^[0-9a-f]{8}\\z")]
    private static partial Regex EightHex();
}
