using System.Net;
using Microsoft.Extensions.Options;
using Panel.Services.Finger.Following;

namespace Panel.Services.Finger;

/// <summary>The <c>Finger</c> section. Checked at start: a wrong value stops the start with the key's name and what is expected.</summary>
public sealed class FingerOptions
{
    public const string Section = "Finger";

    /// <summary>Addresses to listen on, <c>;</c> between them; empty means no finger server. Port 79 needs a capability.</summary>
    public string Listen { get; set; } = "127.0.0.1:7979";

    /// <summary>Our own name after the <c>@</c>; queries for it are answered here instead of refused as forwarding.</summary>
    public string Host { get; set; } = Environment.MachineName;

    /// <summary>Whether an empty query lists the members who chose to be listed (RFC 1288 §3.2.2).</summary>
    public bool List { get; set; } = true;

    /// <summary>The longest list that is given out.</summary>
    public int ListLength { get; set; } = 500;

    /// <summary>Whether plans are shown at all (RFC 1288 §2.5.2 wants a switch for the admin).</summary>
    public bool Plans { get; set; } = true;

    /// <summary>Where readers report a plan; shown on the public page. Empty: no address is named.</summary>
    public string AbuseContact { get; set; } = string.Empty;

    /// <summary>Connections at once; one more is refused with a line. 20,000 idle ones take about 200 MB.</summary>
    public int Connections { get; set; } = 20_000;

    /// <summary>Connections at once from one IPv4 address or IPv6 /64.</summary>
    public int ConnectionsPerAddress { get; set; } = 256;

    /// <summary>Queries a second that one address may keep up; ten times as many may come at once.</summary>
    public int QueriesPerSecond { get; set; } = 100;

    /// <summary>How long a client may take to send its line.</summary>
    public TimeSpan LinePatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long finding and sending the answer may take.</summary>
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where and how often this house fingers others.</summary>
    public FollowOptions Follow { get; set; } = new();

    /// <summary>The end points of <see cref="Listen"/>, or null with the part that is not one.</summary>
    internal IReadOnlyList<IPEndPoint>? EndPoints(out string? wrong)
    {
        var points = new List<IPEndPoint>();
        foreach (var part in Listen.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // IPEndPoint also takes an address alone, with port 0: a server nobody finds. Port 0 must be written out.
            if (!IPEndPoint.TryParse(part, out var point) || (point.Port == 0 && !part.EndsWith(":0", StringComparison.Ordinal)))
            {
                wrong = part;
                return null;
            }

            points.Add(point);
        }

        wrong = null;
        return points;
    }
}

/// <summary>Says what is wrong with <see cref="FingerOptions"/> in the words of its keys.</summary>
internal sealed class FingerOptionsCheck : IValidateOptions<FingerOptions>
{
    public ValidateOptionsResult Validate(string? name, FingerOptions options)
    {
        var wrong = Wrongs(options).ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static IEnumerable<string> Wrongs(FingerOptions o)
    {
        if (o.EndPoints(out var part) is null)
        {
            yield return $"Finger:Listen: \"{part}\" is not an address with a port; expected is for example 127.0.0.1:7979 or [::]:79, several with ; between them.";
        }

        if (Uri.CheckHostName(o.Host) == UriHostNameType.Unknown)
        {
            yield return $"Finger:Host: \"{o.Host}\" is not a host name; expected is what stands after the @ of a finger address, for example collective.example.";
        }

        foreach (var (key, value) in new[]
        {
            (nameof(o.ListLength), o.ListLength), (nameof(o.Connections), o.Connections),
            (nameof(o.ConnectionsPerAddress), o.ConnectionsPerAddress), (nameof(o.QueriesPerSecond), o.QueriesPerSecond),
        }.Where(n => n.Item2 < 1))
        {
            yield return $"Finger:{key}: {value} is too small; expected is a whole number from 1.";
        }

        foreach (var (key, value) in new[] { (nameof(o.LinePatience), o.LinePatience), (nameof(o.AnswerPatience), o.AnswerPatience) }
            .Where(p => p.Item2 <= TimeSpan.Zero || p.Item2 > TimeSpan.FromMinutes(10)))
        {
            yield return $"Finger:{key}: {value} is not a useful time; expected is more than nothing and at most 00:10:00.";
        }

        foreach (var follow in o.Follow.Wrongs())
        {
            yield return follow;
        }

        if (o.AbuseContact.Length > 0 && !System.Net.Mail.MailAddress.TryCreate(o.AbuseContact, out _))
        {
            yield return $"Finger:AbuseContact: \"{o.AbuseContact}\" is not an e-mail address.";
        }
    }
}
