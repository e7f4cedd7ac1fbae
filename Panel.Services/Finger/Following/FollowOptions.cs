using System.Globalization;
using System.Net;

namespace Panel.Services.Finger.Following;

/// <summary>The <c>Finger:Follow</c> section: where this house may finger, and how often.</summary>
public sealed class FollowOptions
{
    private static readonly char[] Between = [';', ',', ' '];

    /// <summary>Ports that may be fingered: 79, or ports and ranges from 1024, <c>;</c> between them.</summary>
    public string Ports { get; set; } = "79";

    /// <summary>Networks that may be fingered: <c>public</c> and CIDR blocks, <c>;</c> between them.</summary>
    public string Networks { get; set; } = PublicNetworks.Word;

    /// <summary>How soon an address is fingered again that changed lately; one that is quiet waits up to <see cref="Rarely"/>.</summary>
    public TimeSpan Often { get; set; } = TimeSpan.FromMinutes(1);

    public TimeSpan Rarely { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Looking up, connecting and reading together.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Addresses that one member may follow.</summary>
    public int Most { get; set; } = 500;

    /// <summary>The ranges of <see cref="Ports"/>, or null with the part that is none.</summary>
    internal IReadOnlyList<(int From, int To)>? Ranges(out string? wrong)
    {
        var ranges = new List<(int, int)>();
        foreach (var part in Ports.Split(Between, StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !Port(ends[0], out var from) || !Port(ends[^1], out var to) || from > to || (from < 1024 && (from, to) != (79, 79)))
            {
                wrong = part;
                return null;
            }

            ranges.Add((from, to));
        }

        wrong = null;
        return ranges;
    }

    /// <summary>The networks, or null with the part that is none.</summary>
    internal PublicNetworks? Allowed(out string? wrong)
    {
        var networks = new List<IPNetwork>();
        var parts = Networks.Split(Between, StringSplitOptions.RemoveEmptyEntries);
        foreach (var part in parts.Where(p => p != PublicNetworks.Word))
        {
            if (IPNetwork.TryParse(part, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(part, out var one))
            {
                networks.Add(new IPNetwork(one, one.GetAddressBytes().Length * 8));
            }
            else
            {
                wrong = part;
                return null;
            }
        }

        wrong = null;
        return new PublicNetworks(parts.Contains(PublicNetworks.Word), networks);
    }

    internal IEnumerable<string> Wrongs()
    {
        if (Ranges(out var port) is null)
        {
            yield return $"Finger:Follow:Ports: \"{port}\" is not a port that may be fingered; expected is 79, or ports and ranges from 1024 such as 1024-65535, several with ; between them.";
        }

        if (Allowed(out var network) is null)
        {
            yield return $"Finger:Follow:Networks: \"{network}\" is not a network; expected is public, or blocks such as 10.0.0.0/8, several with ; between them.";
        }

        if (Often <= TimeSpan.Zero || Rarely < Often || Rarely > TimeSpan.FromDays(7))
        {
            yield return "Finger:Follow:Often and Rarely: expected is 0 < Often <= Rarely <= 7 days.";
        }

        if (Patience <= TimeSpan.Zero || Patience > TimeSpan.FromMinutes(1))
        {
            yield return $"Finger:Follow:Patience: {Patience} is not a useful time; expected is more than nothing and at most 00:01:00.";
        }

        if (Most < 1)
        {
            yield return $"Finger:Follow:Most: {Most} is too small; expected is a whole number from 1.";
        }
    }

    private static bool Port(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
